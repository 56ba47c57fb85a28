// What answers a scrape: a registry as Prometheus' text, and a registry that is fresh whenever it is read.
//
// Where a server of your own answers:
//
//   response.set_content(ExposeText(registry), kTextContentType);
//
// Where prometheus-cpp's Exposer, or anything else that takes a Collectable, reads the registry by itself:
//
//   auto fresh = std::make_shared<FreshCollectable>(
//       registry, [&] { metrics->Update(queue.counters()); });   // a QueueMetrics and its EventQueue
//   exposer.RegisterCollectable(fresh);
#ifndef LOOKOUT_ADAPTERS_PROMETHEUS_EXPOSITION_H_
#define LOOKOUT_ADAPTERS_PROMETHEUS_EXPOSITION_H_

#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "prometheus/collectable.h"
#include "prometheus/metric_family.h"

namespace lookout {

inline constexpr char kTextContentType[] = "text/plain; version=0.0.4; charset=utf-8";

// All metrics of `metrics`, which may be a prometheus::Registry, in the text format, version 0.0.4. The
// series of a family are in order of their labels, so that equal metrics are equal text. Thread-safe, as a
// Registry is.
std::string ExposeText(const prometheus::Collectable& metrics);

// Calls `refresh` before each Collect() of `metrics`; both must outlive it. Several threads may collect at
// once, and then `refresh` is called by them at once. What it throws reaches who collects.
class FreshCollectable final : public prometheus::Collectable {
 public:
  FreshCollectable(const prometheus::Collectable& metrics, absl::AnyInvocable<void() const> refresh);

  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  const prometheus::Collectable& metrics_;
  const absl::AnyInvocable<void() const> refresh_;
};

}  // namespace lookout

#endif  // LOOKOUT_ADAPTERS_PROMETHEUS_EXPOSITION_H_
