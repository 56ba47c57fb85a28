// Counts what operator new hands out, for tests and benchmarks that promise something about memory: a program
// that links this has operators new and delete of its own, which count and then call malloc and free.
//
//   const AllocationCounter counter;
//   …
//   EXPECT_EQ(counter.allocations(), 0u);
//
// Counts the thread that looks, from when the counter was made.
#ifndef LOOKOUT_TESTING_ALLOCATION_COUNTER_H_
#define LOOKOUT_TESTING_ALLOCATION_COUNTER_H_

#include <cstddef>

namespace lookout {

class AllocationCounter {
 public:
  AllocationCounter();  // one at a time in a thread: it begins a new peak

  std::size_t allocations() const;
  // The most bytes that were in use at a time, beyond those in use at the beginning.
  std::size_t peak_bytes() const;

 private:
  std::size_t allocations_before_;
  std::ptrdiff_t bytes_before_;
};

}  // namespace lookout

#endif  // LOOKOUT_TESTING_ALLOCATION_COUNTER_H_
