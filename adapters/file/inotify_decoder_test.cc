#include "lookout/adapters/file/inotify_decoder.h"

#include <sys/inotify.h>

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lookout::file_internal {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string Record(int wd, std::uint32_t mask, std::uint32_t cookie, std::string padded_name) {
  inotify_event head{};
  head.wd = wd;
  head.mask = mask;
  head.cookie = cookie;
  head.len = static_cast<std::uint32_t>(padded_name.size());
  return std::string(reinterpret_cast<const char*>(&head), sizeof(head)) + padded_name;
}

std::vector<std::string> Decode(const std::string& bytes, absl::StatusCode expected) {
  std::vector<std::string> records;
  const absl::Status status = DecodeInotify(bytes, [&records](const InotifyRecord& r) {
    records.push_back(absl::StrCat(r.wd, " ", r.mask, " ", r.cookie, " ", r.name));
  });
  EXPECT_EQ(status.code(), expected);
  return records;
}

TEST(InotifyDecoderTest, TakesRecordsApartInOrder) {
  const std::string bytes = Record(1, IN_CREATE, 0, std::string("a\0\0\0", 4)) +
                            Record(2, IN_DELETE_SELF, 0, "") +
                            Record(3, IN_MOVED_TO, 77, std::string("b c\0", 4));
  EXPECT_THAT(Decode(bytes, absl::StatusCode::kOk), ElementsAre("1 256 0 a", "2 1024 0 ", "3 128 77 b c"));
}

TEST(InotifyDecoderTest, KeepsANameThatFillsItsFieldAndBytesThatAreNoText) {
  EXPECT_THAT(Decode(Record(1, IN_CREATE, 0, "\xff\xfe\n\""), absl::StatusCode::kOk),
              ElementsAre("1 256 0 \xff\xfe\n\""));
}

TEST(InotifyDecoderTest, NothingIsNothing) { EXPECT_THAT(Decode("", absl::StatusCode::kOk), IsEmpty()); }

TEST(InotifyDecoderTest, EveryTruncationGivesTheGoodRecordsAndAnError) {
  const std::string first = Record(1, IN_CREATE, 0, std::string("a\0\0\0", 4));
  const std::string both = first + Record(2, IN_CREATE, 0, std::string("b\0\0\0", 4));
  for (std::size_t size = first.size() + 1; size < both.size(); ++size) {
    EXPECT_THAT(Decode(both.substr(0, size), absl::StatusCode::kDataLoss), ElementsAre("1 256 0 a")) << size;
  }
}

}  // namespace
}  // namespace lookout::file_internal
