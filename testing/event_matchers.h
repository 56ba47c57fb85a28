// gMock matchers for events.
//
//   EXPECT_THAT(sink.WaitForCount(2),
//               ElementsAre(IsEvent(Action::kContainerStart, "nginx"),
//                           AllOf(IsEvent(Action::kContainerDie, "nginx"), HasAttribute("exitCode", "1"))));
//
// Names, ids and values may be matchers themselves: HasAttribute(kReason, HasSubstr("overflow")).
#ifndef LOOKOUT_TESTING_EVENT_MATCHERS_H_
#define LOOKOUT_TESTING_EVENT_MATCHERS_H_

#include <optional>
#include <ostream>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "lookout/events/event.h"
#include "lookout/events/event_json.h"

namespace lookout {

// What gTest prints of an event: all of it. (Found by argument-dependent lookup.)
inline void PrintTo(const Event& event, std::ostream* os) { *os << EventToJson(event); }

MATCHER_P2(IsEvent, action, actor_name,
           absl::StrCat(negation ? "isn't " : "is ", ActionName(action), " of an actor ",
                        ::testing::PrintToString(actor_name))) {
  return arg.action == action &&
         ::testing::ExplainMatchResult(actor_name, std::string(arg.actor_name), result_listener);
}

MATCHER_P(HasType, type, absl::StrCat(negation ? "isn't" : "is", " of type ", EventTypeName(type))) {
  return arg.type == type;
}

MATCHER_P(HasActorId, actor_id, "") {
  return ::testing::ExplainMatchResult(actor_id, std::string(arg.actor_id), result_listener);
}

MATCHER_P2(HasAttribute, key, value, absl::StrCat(negation ? "lacks" : "has", " the attribute ", key)) {
  const std::optional<absl::string_view> found = arg.attributes.Find(key);
  if (!found.has_value()) {
    *result_listener << "which is absent";
    return false;
  }
  return ::testing::ExplainMatchResult(value, std::string(*found), result_listener);
}

MATCHER_P(LacksAttribute, key, absl::StrCat(negation ? "has" : "lacks", " the attribute ", key)) {
  return !arg.attributes.Contains(key);
}

// A ForceReload of `actor_name` that says why.
MATCHER_P(IsForceReload, actor_name,
          absl::StrCat(negation ? "isn't" : "is", " a ForceReload of ",
                       ::testing::PrintToString(actor_name))) {
  if (arg.attributes.Get(kReason).empty()) {
    *result_listener << "which gives no reason";
    return false;
  }
  return arg.action == Action::kForceReload &&
         ::testing::ExplainMatchResult(actor_name, std::string(arg.actor_name), result_listener);
}

}  // namespace lookout

#endif  // LOOKOUT_TESTING_EVENT_MATCHERS_H_
