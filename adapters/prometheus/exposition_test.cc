#include "lookout/adapters/prometheus/exposition.h"

#include <string>

#include "gtest/gtest.h"
#include "prometheus/counter.h"
#include "prometheus/gauge.h"
#include "prometheus/registry.h"

namespace lookout {
namespace {

TEST(ExposeTextTest, OfNothingIsNothing) { EXPECT_EQ(ExposeText(prometheus::Registry()), ""); }

TEST(ExposeTextTest, SeriesAreInOrderOfTheirLabelsHoweverTheyWereAdded) {
  prometheus::Registry registry;
  prometheus::Family<prometheus::Gauge>& family =
      prometheus::BuildGauge().Name("rooms").Help("By name.").Register(registry);
  for (const char* name : {"m", "z", "b", "q", "a", "k"}) family.Add({{"name", name}}).Set(1);
  EXPECT_EQ(ExposeText(registry),
            "# HELP rooms By name.\n"
            "# TYPE rooms gauge\n"
            "rooms{name=\"a\"} 1\n"
            "rooms{name=\"b\"} 1\n"
            "rooms{name=\"k\"} 1\n"
            "rooms{name=\"m\"} 1\n"
            "rooms{name=\"q\"} 1\n"
            "rooms{name=\"z\"} 1\n");
}

TEST(ExposeTextTest, LabelsAreEscaped) {
  prometheus::Registry registry;
  prometheus::BuildCounter().Name("rooms_total").Register(registry).Add({{"name", "a\"b\\c\nd"}}).Increment();
  EXPECT_EQ(ExposeText(registry),
            "# TYPE rooms_total counter\n"
            "rooms_total{name=\"a\\\"b\\\\c\\nd\"} 1\n");
}

TEST(FreshCollectableTest, RefreshesBeforeEachCollect) {
  prometheus::Registry registry;
  prometheus::Counter& scrapes = prometheus::BuildCounter().Name("scrapes_total").Register(registry).Add({});
  const FreshCollectable fresh(registry, [&scrapes] { scrapes.Increment(); });
  EXPECT_EQ(ExposeText(fresh), "# TYPE scrapes_total counter\nscrapes_total 1\n");
  EXPECT_EQ(ExposeText(fresh), "# TYPE scrapes_total counter\nscrapes_total 2\n");
  EXPECT_EQ(ExposeText(registry), "# TYPE scrapes_total counter\nscrapes_total 2\n");
}

}  // namespace
}  // namespace lookout
