// The larger settings: minutes, and gigabytes of memory. Run by hand, with -c opt.
#include <cstddef>
#include <cstdio>
#include <string>

#include "gtest/gtest.h"
#include "lookout/events/model/explore.h"
#include "lookout/events/model/queue_model.h"
#include "lookout/events/model/setting.h"
#include "lookout/events/model/settings.h"

namespace lookout::queue_model {
namespace {

constexpr std::size_t kMostStates = 30'000'000;

class QueueModelDeepTest : public testing::TestWithParam<Setting> {};

TEST_P(QueueModelDeepTest, KeepsItsPromisesInEveryState) {
  const Exploration all = Explore(QueueModel(GetParam()), kMostStates);
  EXPECT_EQ(all.wrong, "") << all.Trace();
  EXPECT_GT(all.ends, 0U);
  std::printf("%-24s %8zu states, %9zu steps, %5zu ends\n", GetParam().name.c_str(), all.states, all.steps,
              all.ends);
}

INSTANTIATE_TEST_SUITE_P(Settings, QueueModelDeepTest, testing::ValuesIn(DeepSettings()),
                         [](const testing::TestParamInfo<Setting>& setting) { return setting.param.name; });

}  // namespace
}  // namespace lookout::queue_model
