"""Small faults for run.py to put into the queue and the pipeline, one at a time.

Each: a name, the file, what stands there (once), what takes its place, and the tests to run, or the configuration
that they are run under.
"""

QUEUE = [f"//events:{test}_test" for test in (
    "error_teller", "event_buffer", "event_buffer_keep_latest", "event_queue_batches", "event_queue_callbacks", "event_queue_clock",
    "event_queue_counters", "event_queue_destroy", "event_queue_full", "event_queue_stop")]
WATCHERS = ["//watchers:pipeline_test", "//watchers:pipeline_ready_test", "//watchers:pipeline_threads_test", "//watchers:retrying_sink_test", "//watchers:retrying_sink_give_up_test"]
# What those do not catch is put to these.
MORE = ["//events:event_queue_history_test", "//events:event_queue_days_test", "//events/model:queue_conformance_test",
        "//watchers:all"]

CORE = "events/event_queue_core.cc"
FLUSH = "events/event_queue_flush.cc"
BUFFER = "events/event_buffer.cc"
TELLER = "events/error_teller.cc"
PIPELINE = "watchers/pipeline.cc"
RETRY = "watchers/retrying_sink.cc"

MUTANTS = [
    # Missed notifications.
    ("the first event of an interval sets no timer", CORE, "  if (was_empty) Arm();\n",
     "  if (was_empty && options_.capacity == 0) Arm();\n", QUEUE),
    ("who asks for a flush wakes nobody", FLUSH, "  asked_ = true;\n  WakeThread();\n", "  asked_ = true;\n", QUEUE),
    ("a stop does not wake the thread", CORE, "  if (!started_) finished_ = true;\n  WakeThread();\n",
     "  if (!started_) finished_ = true;\n", QUEUE),
    ("a stop leaves waiting senders waiting", CORE, "  for (Sender* sender : line_) sender->done = true;\n", "", QUEUE),
    ("after a flush one sender is let in, not all there is room for", CORE,
     "  while (!line_.empty() && Offer(", "  if (!line_.empty() && Offer(", QUEUE),
    ("after a flush no sender is let in", FLUSH, "  AdmitWaitingSenders();\n", "", QUEUE),
    ("a sender's flush does not wake the thread for what came meanwhile", FLUSH,
     "  } else if (stopping_ || !buffer_.empty()) {\n    WakeThread();\n  }", "  }", QUEUE),
    ("the thread says too late that it sleeps", FLUSH,
     "  asleep_ = true;\n  mu_.unlock();\n", "  mu_.unlock();\n  asleep_ = true;\n", QUEUE, "tsan"),
    # Wrong comparisons and conditions.
    ("Flush() does not count what is buffered", CORE, "taken_batches_ + (buffer_.empty() ? 0 : 1)", "taken_batches_",
     QUEUE),
    ("Flush() returns when the batch is taken, not when it is handed over", CORE,
     "{ return done_batches_ >= wanted || finished_; };", "{ return taken_batches_ >= wanted || finished_; };", QUEUE),
    ("a new sender overtakes those that wait", CORE, "(line_.empty() || MayOvertake(event)) && Offer(event)",
     "Offer(event)", QUEUE),
    ("on_flush waits for room in its own queue", CORE, "  if (OnFlushingThread()) {\n    //",
     "  if (false) {\n    //", QUEUE),
    ("a queue starts again after a stop", CORE, "  if (started_ || stopping_) {", "  if (started_) {", QUEUE),
    ("a sender flushes while the thread has a batch in hand", "events/event_queue_core.h",
     " && taken_batches_ == done_batches_;", ";", QUEUE),
    ("a batch may have one event too many bytes", FLUSH, "bytes > options_.max_batch_bytes", "bytes > options_.max_batch_bytes + 1", QUEUE),
    ("a full batch is one event more than max_batch", CORE, "buffer_.size() >= options_.max_batch)",
     "buffer_.size() > options_.max_batch)", QUEUE),
    ("an early flush leaves the grid alone", FLUSH, "    next_due_ = now.passed + options_.flush_interval;\n  } else",
     "  } else", QUEUE),
    ("a late flush moves the grid", FLUSH, "    next_due_ = due_ + options_.flush_interval;",
     "    next_due_ = now.passed + options_.flush_interval;", QUEUE),
    ("a clock set back stretches the wait", FLUSH, "std::min(due_ - now.passed, options_.flush_interval)", "due_ - now.passed", QUEUE),
    ("what is overdue goes by the wall clock", FLUSH, "std::min(due_ - now.passed,", "std::min(due_ - (now.now - absl::UnixEpoch()),", QUEUE),
    ("a flush is timed by the wall clock", FLUSH, "std::max(TimePassed(clock_) - begin,",
     "std::max(clock_.TimeNow() - absl::UnixEpoch() - begin,", QUEUE),
    ("on_flush fills the buffer and no early flush follows", CORE,
     "    if (options_.when_full == WhenFull::kFlushEarly) AskForEarlyFlush();\n    const bool", "    const bool", QUEUE),
    ("a batch is handed over after the queue gave it up", FLUSH, "  if (gave_up_) return false;\n  const",
     "  const", QUEUE),
    # Lost and doubled.
    ("what on_flush throws besides std::exception ends the thread", FLUSH, "  } catch (...) {\n    failed",
     "  } catch (const std::exception&) {\n    failed", QUEUE),
    ("a lost swap: the batch keeps its events, and they come again", BUFFER, "  batch.storage.swap(slots_);",
     "  batch.storage = slots_;", QUEUE),
    ("the events that a stop finds in hand are not counted", CORE, "buffer_.size() + in_hand_;\n  in_hand_ = 0;",
     "buffer_.size();\n  in_hand_ = 0;", QUEUE),
    ("who waited at the stop is not counted as refused", CORE, "  counted_.refused += line_.size();\n", "", QUEUE),
    ("a closing queue discards what it should drain", CORE,
     "if (finished_ || options_.on_stop == OnStop::kDiscard) GiveUp", "GiveUp", QUEUE),
    ("a drain has no deadline", CORE, "finished, options_.drain_timeout)", "finished, absl::InfiniteDuration())", QUEUE),
    ("a loss is said one event too far on", BUFFER, "    force_reload_ = slot;\n  } else if",
     "    force_reload_ = slot + 1 < end_ ? slot + 1 : slot;\n  } else if", QUEUE),
    ("losses are said again in the next batch", BUFFER, "  lost_ = 0;\n", "", QUEUE),
    ("events merge across a rename", BUFFER, "Action::kForceReload | Action::kFileRenamed", "Action::kForceReload",
     QUEUE),
    ("an error reported while another is told is forgotten", TELLER,
     "  if (silent_ || pending_.empty()) {", "  if (silent_ || pending_.empty() || counters_.told % 2 == 1) {", QUEUE),
    ("what on_error throws leaves it", TELLER, "    } catch (...) {\n      absl::MutexLock lock(mu_);\n      ++counters_.exceptions;\n    }",
     "    } catch (const std::bad_alloc&) {\n      ++counters_.exceptions;\n    }", QUEUE),
    ("the destructor does not wait for an error being told", CORE, "  errors_.AwaitQuiet(clock_, absl::InfiniteDuration());\n  errors_.Silence();\n", "",
     QUEUE),
    ("two errors are told at once", TELLER, "    if (telling_) return;  // whoever is telling comes to it next\n", "", QUEUE),
    # Read without the lock: what only a race detector sees.
    ("counters are read without the lock", CORE, "EventQueueCounters EventQueueCore::counters() const {\n  absl::MutexLock lock(mu_);\n",
     "EventQueueCounters EventQueueCore::counters() const ABSL_NO_THREAD_SAFETY_ANALYSIS {\n", QUEUE, "tsan"),
    ("whether it is quiet is asked without the lock", FLUSH, "bool EventQueueCore::IsQuiet() const {\n  absl::MutexLock lock(mu_);\n",
     "bool EventQueueCore::IsQuiet() const ABSL_NO_THREAD_SAFETY_ANALYSIS {\n", QUEUE, "tsan"),
    # The pipeline and what stands in it.
    ("a source's failure is not told", PIPELINE, "    if (!result.ok()) pipeline_.Report(result);\n", "", WATCHERS),
    ("ready although no source is", PIPELINE, "    return --undecided_ == 0 && live_ > 0;",
     "    return --undecided_ == 0;", WATCHERS),
    ("ready with the first source", PIPELINE, "    ++live_;\n    return --undecided_ == 0;",
     "    ++live_;\n    --undecided_;\n    return true;", WATCHERS),
    ("a source that was ready is counted again when it ends", PIPELINE, "      --live_;\n      return false;",
     "      --live_;\n      --undecided_;\n      return false;", WATCHERS),
    ("a source that has ended counts as live", PIPELINE, "      --live_;\n", "", WATCHERS),
    ("without a thread for a source the others go on", PIPELINE, "    running_ -= sources;\n    stopped_ = true;\n",
     "    running_ -= sources;\n", WATCHERS),
    ("what on_ready throws leaves it", PIPELINE,
     "watchers_internal::Contain([this] {\n      pipeline_.options_.on_ready();\n      return absl::OkStatus();\n    });",
     "absl::OkStatus();\n    pipeline_.options_.on_ready();", WATCHERS),
    ("under discard the stop waits for a slow sink's room", PIPELINE, "      queue_.Close();\n      fan_out_->GiveUp();",
     "      fan_out_->GiveUp();", WATCHERS),
    ("under drain a sink may try on and on", PIPELINE, "      fan_out_->GiveUp();\n    }\n  }\n  queue_.Stop();",
     "    }\n  }\n  queue_.Stop();", WATCHERS),
    ("after the deadline nobody waits for the last write", PIPELINE,
     "  fan_out_->GiveUp();  // to a Write() that the drain's deadline left under way\n  queue_.Stop();\n",
     "  fan_out_->GiveUp();\n", WATCHERS),
    ("the stop does not reach the sources", PIPELINE, "    for (std::jthread& thread : threads) thread.request_stop();\n",
     "", WATCHERS),
    ("one try too many", RETRY, "if (tries == options_.max_tries)", "if (tries > options_.max_tries)", WATCHERS),
    ("what will not go away is tried again", RETRY, "    if (IsPermanent(failure))\n", "    if (false)\n", WATCHERS),
    ("GiveUp() does not reach the inner sink", RETRY, "    inner_->GiveUp();\n", "", WATCHERS),
]
