#include "lookout/adapters/prometheus/exposition.h"

#include <algorithm>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "prometheus/client_metric.h"
#include "prometheus/collectable.h"
#include "prometheus/metric_family.h"
#include "prometheus/text_serializer.h"

namespace lookout {
namespace {

bool ByLabels(const prometheus::ClientMetric& a, const prometheus::ClientMetric& b) {
  return std::lexicographical_compare(
      a.label.begin(), a.label.end(), b.label.begin(), b.label.end(),
      [](const prometheus::ClientMetric::Label& x, const prometheus::ClientMetric::Label& y) {
        return std::tie(x.name, x.value) < std::tie(y.name, y.value);
      });
}

}  // namespace

std::string ExposeText(const prometheus::Collectable& metrics) {
  std::vector<prometheus::MetricFamily> families = metrics.Collect();
  // A Family keeps its series in a hash table.
  for (prometheus::MetricFamily& family : families) {
    std::sort(family.metric.begin(), family.metric.end(), ByLabels);
  }
  return prometheus::TextSerializer().Serialize(families);
}

FreshCollectable::FreshCollectable(const prometheus::Collectable& metrics,
                                   absl::AnyInvocable<void() const> refresh)
    : metrics_(metrics), refresh_(std::move(refresh)) {}

std::vector<prometheus::MetricFamily> FreshCollectable::Collect() const {
  refresh_();
  return metrics_.Collect();
}

}  // namespace lookout
