// Every state that the model can reach, for every setting of the table.
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

constexpr std::size_t kMostStates = 1'000'000;

class QueueModelTest : public testing::TestWithParam<Setting> {};

TEST_P(QueueModelTest, KeepsItsPromisesInEveryState) {
  const Exploration all = Explore(QueueModel(GetParam()), kMostStates);
  EXPECT_EQ(all.wrong, "") << all.Trace();
  EXPECT_GT(all.ends, 0U);
  std::printf("%-24s %8zu states, %8zu steps, %5zu ends\n", GetParam().name.c_str(), all.states, all.steps,
              all.ends);
}

INSTANTIATE_TEST_SUITE_P(Settings, QueueModelTest, testing::ValuesIn(Settings()),
                         [](const testing::TestParamInfo<Setting>& setting) { return setting.param.name; });

}  // namespace
}  // namespace lookout::queue_model
