// That the checker finds each kind of wrong, and nothing in histories that are right.
#include "lookout/events/queue_history.h"

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/events/event_buffer.h"
#include "lookout/events/event_queue_counters.h"

namespace lookout {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using Ticket = QueueHistory::Ticket;
using Item = QueueHistory::Item;

constexpr int kQueue = QueueHistory::kQueueItself;

// Those of the counters that the histories below have.
struct Counts {
  std::uint64_t received = 0, flushed = 0, dropped_oldest = 0, merged = 0, discarded = 0, depth = 0,
                waiting = 0, force_reloads = 0, flushes = 0;

  operator EventQueueCounters() const {  // NOLINT(google-explicit-constructor): stands for one
    EventQueueCounters c;
    c.received = received;
    c.flushed = flushed;
    c.dropped_oldest = dropped_oldest;
    c.merged = merged;
    c.discarded = discarded;
    c.depth = depth;
    c.waiting = waiting;
    c.force_reloads = force_reloads;
    c.flushes = flushes;
    return c;
  }
};

QueueHistory::Push Push(Ticket begin, int sender, std::vector<QueueHistory::Sent> sent) {
  return {.span = {begin, begin + 1}, .sender = sender, .answer = true, .sent = std::move(sent)};
}
QueueHistory::Push Push(Ticket begin, int sender, std::uint64_t number) {
  return Push(begin, sender, {{.number = number}});
}
QueueHistory::Call Call(Ticket begin, std::vector<Item> items) {
  return {.span = {begin, begin + 1}, .items = std::move(items)};
}

// Two senders, three events in two calls, a flush, a look and a stop.
QueueHistory Block() {
  QueueHistory h;
  h.pushes = {Push(1, 0, 1), Push(3, 1, 1), Push(10, 0, 2), Push(12, 1, 2)};
  h.calls = {Call(5, {{0, 1}, {1, 1}}), Call(20, {{0, 2}})};
  h.flushes = {{.span = {6, 8}, .answer = true}};
  h.stops = {{.span = {30, 31}, .waits = true}};
  h.looks = {{.span = {14, 15}, .counters = Counts{.received = 4, .flushed = 2, .depth = 2, .flushes = 1}}};
  h.last = Counts{.received = 4, .flushed = 3, .discarded = 1, .flushes = 2};
  return h;
}

// 2 and 3 of 4 gave way; capacity is 2.
QueueHistory DropOldest() {
  QueueHistory h;
  h.when_full = WhenFull::kDropOldest;
  h.capacity = 2;
  h.pushes = {Push(1, 0, 1), Push(10, 0, 2), Push(12, 0, 3), Push(14, 0, 4), Push(16, 0, 5), Push(30, 0, 6)};
  h.calls = {Call(5, {{0, 1}}), Call(20, {{kQueue, 2}, {0, 4}, {0, 5}}), Call(40, {{0, 6}})};
  h.last = Counts{.received = 6, .flushed = 4, .dropped_oldest = 2, .force_reloads = 1, .flushes = 3};
  return h;
}

QueueHistory DropNewest() {
  QueueHistory h = DropOldest();
  h.when_full = WhenFull::kDropNewest;
  h.calls[1].items = {{0, 2}, {0, 3}, {kQueue, 2}};
  h.last->dropped_oldest = 0;
  h.last->dropped_newest = 2;
  return h;
}

// a a b: the first a is merged.
QueueHistory KeepLatest() {
  QueueHistory h;
  h.when_full = WhenFull::kKeepLatest;
  h.capacity = 2;
  h.pushes = {Push(1, 0, {{.number = 1, .key = 7}}), Push(3, 1, {{.number = 1, .key = 7}}),
              Push(5, 0, {{.number = 2, .key = 8}})};
  h.calls = {Call(20, {{1, 1}, {0, 2}})};
  h.last = Counts{.received = 3, .flushed = 2, .merged = 1, .flushes = 1};
  return h;
}

TEST(QueueHistoryTest, HistoriesThatAreRightAreRight) {
  EXPECT_THAT(CheckQueueHistory(Block()), IsEmpty());
  EXPECT_THAT(CheckQueueHistory(DropOldest()), IsEmpty());
  EXPECT_THAT(CheckQueueHistory(DropNewest()), IsEmpty());
  EXPECT_THAT(CheckQueueHistory(KeepLatest()), IsEmpty());
}

TEST(QueueHistoryTest, WhatOverlapsMayComeOutInEitherOrder) {
  QueueHistory h = Block();
  h.pushes[1].span.begin = h.pushes[0].span.begin;
  EXPECT_THAT(CheckQueueHistory(h), IsEmpty());
  h.calls[0].items = {{1, 1}, {0, 1}};
  EXPECT_THAT(CheckQueueHistory(h), IsEmpty());
}

TEST(QueueHistoryTest, APushAllThatTheStopCutInTwoIsRight) {
  QueueHistory h = Block();
  h.pushes.push_back(Push(28, 2, {{.number = 1}, {.number = 2}, {.number = 3}}));
  h.pushes.back().span.end = 33;
  h.pushes.back().answer = false;
  for (const std::uint64_t taken : {0, 1, 2}) {
    h.last->received = 4 + taken;
    h.last->discarded = 1 + taken;
    h.last->refused = 3 - taken;
    EXPECT_THAT(CheckQueueHistory(h), IsEmpty()) << taken;
  }
  h.pushes.back().sent[1].moved_from = true;
  EXPECT_THAT(CheckQueueHistory(h), IsEmpty());
  h.last->received = 5;
  h.last->discarded = 2;
  h.last->refused = 2;
  EXPECT_THAT(CheckQueueHistory(h), Contains(HasSubstr("received is 5, but at least 6")));
}

struct Wrong {
  std::string name;
  QueueHistory (*right)();
  std::function<void(QueueHistory&)> spoil;
  std::string found;
};

class QueueHistoryWrongTest : public ::testing::TestWithParam<Wrong> {};

TEST_P(QueueHistoryWrongTest, IsFound) {
  QueueHistory h = GetParam().right();
  GetParam().spoil(h);
  EXPECT_THAT(CheckQueueHistory(h), Contains(HasSubstr(GetParam().found)));
}

using H = QueueHistory;

INSTANTIATE_TEST_SUITE_P(
    Kinds, QueueHistoryWrongTest,
    ::testing::Values(
        // What comes out.
        Wrong{"ADouble", Block, [](H& h) { h.calls[1].items = {{0, 1}}; }, "came out twice"},
        Wrong{"ASwapOfOneSender", DropOldest,
              [](H& h) { std::swap(h.calls[1].items[1], h.calls[1].items[2]); },
              "sender 0's 4 [14, 15] came out after its 5"},
        Wrong{"ASwapOfTwoSenders", Block, [](H& h) { std::swap(h.calls[0].items[0], h.calls[0].items[1]); },
              "whose push began when its own had ended"},
        Wrong{"NeverPushed", Block, [](H& h) { h.calls[1].items.push_back({2, 1}); }, "was never pushed"},
        Wrong{"BeforeItWasPushed", Block,
              [](H& h) {
                h.calls[0].items.push_back({0, 2});
                h.calls.pop_back();
              },
              "came out before it was pushed"},
        Wrong{"RefusedAndOut", Block, [](H& h) { h.pushes[2].answer = false; }, "though its push said false"},
        Wrong{"OvertakesWhoWaits", Block,
              [](H& h) {
                // 0's second waits from 10 to 24, and the look says so; 1's second begins after that.
                h.pushes[2].span.end = 24;
                h.looks[0].span = {11, 12};
                h.looks[0].counters = Counts{.received = 2, .flushed = 2, .waiting = 1, .flushes = 1};
                h.pushes[3].span = {13, 14};
                h.calls[1].items = {{1, 2}, {0, 2}};
                h.last = Counts{.received = 4, .flushed = 4, .flushes = 2};
              },
              "sender 1's 2 [13, 14] overtook sender 0's 2"},
        // Losses.
        Wrong{"ASilentGap", Block,
              [](H& h) {
                h.calls[0].items.pop_back();
                h.calls[1].items.push_back({1, 2});
              },
              "sender 1's 1 [3, 4] is missing without a word"},
        Wrong{"ASilentGapWithRightCounters", DropOldest,
              [](H& h) {
                h.calls[1].items = {{0, 4}, {0, 5}};
                h.last->force_reloads = 0;
              },
              "is missing without a word"},
        Wrong{"ForceReloadTooEarly", DropOldest,
              [](H& h) {
                h.calls[1].items = {{0, 4}, {0, 5}};
                h.calls[0].items = {{kQueue, 2}, {0, 1}};
              },
              "sender 0's 2 [10, 11] is missing without a word"},
        Wrong{"ForceReloadTooLate", DropOldest,
              [](H& h) {
                h.calls[1].items = {{0, 4}, {0, 5}};
                h.calls[2].items = {{kQueue, 2}, {0, 6}};
              },
              "sender 0's 2 [10, 11] is missing without a word"},
        Wrong{"SaysTooMany", DropOldest, [](H& h) { h.calls[1].items[0].number = 3; },
              "says that 3 were lost, of which 1 were not"},
        Wrong{"SaysTooFew", DropOldest, [](H& h) { h.calls[1].items[0].number = 1; },
              "sender 0's 3 [12, 13] is missing without a word"},
        Wrong{"CountsFewerThanItSays", DropOldest,
              [](H& h) {
                h.last->dropped_oldest = 1;
                h.last->received = 5;
              },
              "2 events were said to be lost, 1 are counted"},
        Wrong{"TheNewestGaveWayInstead", DropOldest,
              [](H& h) { h.calls[1].items = {{0, 2}, {0, 3}, {kQueue, 2}}; },
              "sender 0's 3 [12, 13] was kept though newer ones gave way"},
        Wrong{"TheOldestGaveWayInstead", DropNewest,
              [](H& h) { h.calls[1].items = {{kQueue, 2}, {0, 4}, {0, 5}}; },
              "sender 0's 4 [14, 15] was kept though older ones gave way"},
        Wrong{"AForceReloadIsLost", DropOldest, [](H& h) { h.pushes[2].sent[0].force_reload = true; },
              "is a ForceReload and was lost"},
        Wrong{"SaysALossThatCannotBe", Block, [](H& h) { h.calls[1].items.push_back({kQueue, 1}); },
              "a policy that loses nothing"},
        Wrong{"MergedIntoNothing", KeepLatest, [](H& h) { h.pushes[1].sent[0].key = 9; },
              "sender 0's 1 [1, 2] is missing without a word"},
        Wrong{"MergedIntoWhatWasBefore", KeepLatest,
              [](H& h) { std::swap(h.pushes[0].span, h.pushes[1].span); },
              "sender 0's 1 [3, 4] is missing without a word"},
        Wrong{"MergedAcrossABarrier", KeepLatest,
              [](H& h) {
                h.pushes[1].span = {9, 10};
                h.pushes[2].sent[0].force_reload = true;
                h.calls[0].items = {{0, 2}, {1, 1}};
              },
              "sender 0's 1 [1, 2] is missing without a word"},
        Wrong{"DiscardedInsteadOfDrained", Block, [](H& h) { h.drains = true; },
              "1 events were discarded instead"},
        Wrong{"MissingAtTheEndWithoutACount", Block,
              [](H& h) {
                h.last->discarded = 0;
                h.last->flushed = 4;
              },
              "1 events are missing at the end"},
        // Calls.
        Wrong{"TwoCallsAtOnce", Block, [](H& h) { h.calls[0].span.end = 21; },
              "before the one before it had ended"},
        Wrong{"ACallAfterTheStop", Block, [](H& h) { h.calls[1].span = {32, 33}; },
              "running when the stop was done"},
        Wrong{"AnEmptyCall", Block, [](H& h) { h.calls[1].items.clear(); }, "is empty"},
        Wrong{"MoreThanMaxBatch", Block, [](H& h) { h.max_batch = 1; }, "has 2 events, max_batch is 1"},
        Wrong{"MoreThanCapacity", Block, [](H& h) { h.capacity = 1; }, "capacity is 1"},
        // Answers.
        Wrong{"FlushTooSoon", Block, [](H& h) { h.flushes[0].span = {15, 16}; },
              "Flush() said true before sender 0's 2"},
        Wrong{"FalseWithoutAStop", Block,
              [](H& h) {
                h.pushes[3].answer = false;
                h.stops.clear();
              },
              "said false before there was a stop"},
        Wrong{"TrueAfterTheStop", Block, [](H& h) { h.pushes[3].span = {32, 33}; },
              "after the stop said true"},
        Wrong{"FalseAndKept", Block,
              [](H& h) {
                h.pushes[3].answer = false;
                h.pushes[3].sent[0].moved_from = true;
              },
              "said false and kept"},
        // Counters.
        Wrong{"ALookThatDoesNotAddUp", Block, [](H& h) { ++h.looks[0].counters.depth; },
              "received is 4, but it was 5"},
        Wrong{"ALookThatIsBehind", Block,
              [](H& h) {
                h.looks[0].counters.received = 3;
                h.looks[0].counters.depth = 1;
              },
              "received is 3, but at least 4"},
        Wrong{"ALookThatGoesBack", Block,
              [](H& h) {
                h.looks.push_back({.span = {16, 17}, .counters = h.looks[0].counters});
                h.looks[0].counters.flushed = 3;
                h.looks[0].counters.depth = 1;
              },
              "flushed is 2, but was already 3"},
        Wrong{"FlushedIsWrong", Block,
              [](H& h) {
                h.last->flushed = 4;
                h.last->discarded = 0;
              },
              "flushed is 4, but it was 3"},
        Wrong{"ReceivedIsWrong", Block,
              [](H& h) {
                h.last->received = 5;
                h.last->discarded = 2;
              },
              "received and refused together is 5, but it was 4"},
        Wrong{"ForceReloadsIsWrong", DropOldest, [](H& h) { h.last->force_reloads = 2; },
              "force_reloads is 2"},
        Wrong{"FlushesIsWrong", Block, [](H& h) { h.last->flushes = 3; }, "flushes is 3, but it was 2"},
        Wrong{"ExceptionsAreWrong", Block, [](H& h) { h.calls[0].threw = true; },
              "flush_exceptions is 0, but it was 1"},
        Wrong{"ErrorsAreWrong", Block, [](H& h) { h.errors_reported = 1; },
              "errors told and dropped together is 0"},
        Wrong{"DroppedByAnotherPolicy", Block,
              [](H& h) {
                h.last->dropped_newest = 1;
                h.last->discarded = 0;
              },
              "dropped_newest is 1, but it was 0"}),
    [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace lookout
