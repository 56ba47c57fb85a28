#include "lookout/adapters/file/fanotify_decoder.h"

#include <sys/fanotify.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/adapters/file/fanotify_records.h"

namespace lookout::file_internal {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::uint8_t kName = FAN_EVENT_INFO_TYPE_DFID_NAME;
constexpr std::uint8_t kTarget = FAN_EVENT_INFO_TYPE_FID;

// "" for none, "#7" for Handle(7), "?" for another.
std::string Shown(absl::string_view handle) {
  if (handle.empty()) return "";
  for (std::uint64_t id = 0; id < 100; ++id) {
    if (handle == Handle(id)) return absl::StrCat("#", id);
  }
  return "?";
}

struct Decoded {
  std::vector<std::string> records;  // "<mask> <directory>/<name> <old directory>/<old name> <target>"
  absl::Status status;
};

Decoded Decode(absl::string_view bytes) {
  Decoded decoded;
  decoded.status = DecodeFanotify(bytes, [&decoded](const FanotifyRecord& r) {
    decoded.records.push_back(absl::StrCat(r.mask, " ", Shown(r.directory), "/", r.name, " ",
                                           Shown(r.old_directory), "/", r.old_name, " ", Shown(r.target)));
  });
  return decoded;
}

std::string Created(absl::string_view name) {
  return FanotifyRecordBytes(FAN_CREATE, {NameInfo(kName, Handle(1), name), HandleInfo(kTarget, Handle(2))});
}

struct Case {
  std::string name;
  std::string bytes;
  std::vector<std::string> records;
  std::string error = {};  // part of it; none if empty
};

class FanotifyDecoderCasesTest : public ::testing::TestWithParam<Case> {};

TEST_P(FanotifyDecoderCasesTest, GivesTheGoodRecordsAndSaysWhatIsWrong) {
  const Decoded decoded = Decode(GetParam().bytes);
  EXPECT_EQ(decoded.records, GetParam().records);
  EXPECT_EQ(decoded.status.code(),
            GetParam().error.empty() ? absl::StatusCode::kOk : absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(decoded.status.message()), HasSubstr(GetParam().error));
}

std::string Rename(std::initializer_list<std::string> infos) {
  return FanotifyRecordBytes(FAN_RENAME, infos);
}

std::vector<Case> GoodCases() {
  const std::string old_name = NameInfo(kOldNameInfo, Handle(3), "a");
  const std::string new_name = NameInfo(kNewNameInfo, Handle(4), "b");
  const std::string target = HandleInfo(kTarget, Handle(5));
  return {
      {"Nothing", "", {}},
      {"ARecordWithoutInformation", FanotifyRecordBytes(FAN_Q_OVERFLOW, {}), {"16384 / / "}},
      {"ACreation", Created("f"), {"256 #1/f / #2"}},
      {"SeveralBits",
       FanotifyRecordBytes(FAN_CREATE | FAN_MODIFY | FAN_DELETE, {NameInfo(kName, Handle(1), "f")}),
       {"770 #1/f / "}},
      {"TheTargetBeforeTheName",
       FanotifyRecordBytes(FAN_CREATE, {HandleInfo(kTarget, Handle(2)), NameInfo(kName, Handle(1), "f")}),
       {"256 #1/f / #2"}},
      {"ADirectoryWithoutAName",
       FanotifyRecordBytes(FAN_MODIFY, {HandleInfo(FAN_EVENT_INFO_TYPE_DFID, Handle(6))}),
       {"2 / / #6"}},
      {"ARenameWithBothNames", Rename({old_name, new_name, target}), {"268435456 #4/b #3/a #5"}},
      {"ARenameWithItsNamesTheOtherWayRound",
       Rename({new_name, old_name, target}),
       {"268435456 #4/b #3/a #5"}},
      {"ARenameOutOfWhatIsMarked", Rename({old_name, target}), {"268435456 / #3/a #5"}},
      {"ARenameIntoWhatIsMarked", Rename({new_name, target}), {"268435456 #4/b / #5"}},
      {"RecordsInOrder",
       Created("f") + FanotifyRecordBytes(FAN_Q_OVERFLOW, {}) + Created("g"),
       {"256 #1/f / #2", "16384 / / ", "256 #1/g / #2"}},
      {"NamesOfAnyBytes", Created("\xff\xfe\n\""), {"256 #1/\xff\xfe\n\" / #2"}},
      {"TheLongestName",
       Created(std::string(255, 'n')),
       {absl::StrCat("256 #1/", std::string(255, 'n'), " / #2")}},
      {"AnEmptyName", Created(""), {"256 #1/ / #2"}},
      {"ANameWithoutANulEndsWithItsInformation",
       FanotifyRecordBytes(
           FAN_CREATE, {Info(kName, absl::StrCat(FsId(), Handle(1), "abc")), HandleInfo(kTarget, Handle(2))}),
       {"256 #1/abc / #2"}},
      {"NoRoomForAName",
       FanotifyRecordBytes(FAN_CREATE, {Info(kName, absl::StrCat(FsId(), Handle(1)))}),
       {"256 #1/ / "}},
      {"BytesBehindATarget",
       FanotifyRecordBytes(FAN_CREATE, {Info(kTarget, absl::StrCat(FsId(), Handle(2), "padding"))}),
       {"256 / / #2"}},
      {"AHandleOfNoBytes",
       FanotifyRecordBytes(FAN_CREATE, {HandleInfo(kTarget, RawHandle(0, ""))}),
       {"256 / / ?"}},
  };
}

std::vector<Case> UnknownCases() {
  std::vector<Case> cases;
  // Of a process, of an error, of a range, of a mount, and what is to come.
  for (const int type : {4, 5, 6, 7, 11, 13, 99, 255}) {
    const std::string unknown = Info(static_cast<std::uint8_t>(type), "any bytes");
    cases.push_back({absl::StrCat("OfType", type),
                     FanotifyRecordBytes(FAN_CREATE, {unknown, NameInfo(kName, Handle(1), "f"),
                                                      Info(static_cast<std::uint8_t>(type), ""),
                                                      HandleInfo(kTarget, Handle(2)), unknown}),
                     {"256 #1/f / #2"}});
  }
  fanotify_event_metadata longer = FanotifyHead(FAN_CREATE, 8);
  longer.metadata_len += 8;
  cases.push_back({"AHeadWithMoreInIt", BytesOf(longer) + std::string(8, '\1'), {"256 / / "}});
  return cases;
}

// The record has that head, its information is good.
Case BadHead(std::string name, fanotify_event_metadata head, std::string error) {
  return {std::move(name),
          Created("f") + BytesOf(head) + NameInfo(kName, Handle(1), "g") + Created("h"),
          {"256 #1/f / #2"},
          std::move(error)};
}

// The record has a good head and that information.
Case BadInfo(std::string name, std::string info, std::string error) {
  return {std::move(name),
          Created("f") + FanotifyRecordBytes(FAN_CREATE, {info}) + Created("h"),
          {"256 #1/f / #2"},
          std::move(error)};
}

std::vector<Case> BadHeadCases() {
  constexpr std::uint32_t kHuge = std::numeric_limits<std::uint32_t>::max();
  const std::size_t size = NameInfo(kName, Handle(1), "g").size();
  const auto head = [size](auto change) {
    fanotify_event_metadata changed = FanotifyHead(FAN_CREATE, size);
    change(changed);
    return changed;
  };
  return {
      BadHead("ARecordOfNoSize", head([](auto& h) { h.event_len = 0; }), "a record of 0 bytes"),
      BadHead("ARecordShorterThanItsHead", head([](auto& h) { h.event_len = 23; }), "a record of 23 bytes"),
      BadHead("ARecordLongerThanTheBuffer", head([](auto& h) { h.event_len = 10'000; }),
              "a record of 10000 bytes"),
      BadHead("AnAbsurdRecord", head([](auto& h) { h.event_len = kHuge; }), "a record of 4294967295 bytes"),
      BadHead("AHeadOfNoSize", head([](auto& h) { h.metadata_len = 0; }), "a record of"),
      BadHead("AHeadLongerThanItsRecord", head([](auto& h) { h.metadata_len = 0xffff; }), "a record of"),
      BadHead("AnotherVersion", head([](auto& h) { h.vers = 2; }), "version 2, not 3"),
      {"Garbage", "not a record at all, but longer than one", {}, "version"},
      {"NothingButZeros", std::string(100, '\0'), {}, "version 0"},
  };
}

std::vector<Case> BadInfoCases() {
  const std::string handle = Handle(1);
  return {
      BadInfo("AnInformationOfNoSize", RawInfo(kName, 0, absl::StrCat(FsId(), handle)),
              "an information of 0"),
      BadInfo("OfNoSizeAndUnknown", RawInfo(99, 0, "rest"), "an information of 0"),
      BadInfo("ShorterThanItsHead", RawInfo(kName, 3, absl::StrCat(FsId(), handle)), "an information of 3"),
      BadInfo("LongerThanTheRecord", RawInfo(kName, 200, absl::StrCat(FsId(), handle)),
              "an information of 200"),
      BadInfo("LongerThanTheRecordAndUnknown", RawInfo(99, 0xffff, ""), "an information of 65535"),
      BadInfo("NoWholeHead", "abc", "an information's head"),
      BadInfo("NoRoomForAFileSystem", Info(kTarget, "1234567"), "a file system's id"),
      BadInfo("NoRoomForAHandlesHead", Info(kTarget, absl::StrCat(FsId(), "1234567")), "a handle"),
      BadInfo("AHandleLongerThanItsInformation", HandleInfo(kTarget, RawHandle(9, "12345678")), "a handle"),
      BadInfo("AnAbsurdHandle", HandleInfo(kTarget, RawHandle(0xffffffff, "12345678")), "a handle"),
      BadInfo("AnAbsurdHandleBeforeAName", NameInfo(kName, RawHandle(0xfffffff8, "12345678"), "f"),
              "a handle"),
  };
}

std::string NameOf(const ::testing::TestParamInfo<Case>& info) { return info.param.name; }

INSTANTIATE_TEST_SUITE_P(Good, FanotifyDecoderCasesTest, ::testing::ValuesIn(GoodCases()), NameOf);
INSTANTIATE_TEST_SUITE_P(Unknown, FanotifyDecoderCasesTest, ::testing::ValuesIn(UnknownCases()), NameOf);
INSTANTIATE_TEST_SUITE_P(BadHead, FanotifyDecoderCasesTest, ::testing::ValuesIn(BadHeadCases()), NameOf);
INSTANTIATE_TEST_SUITE_P(BadInfo, FanotifyDecoderCasesTest, ::testing::ValuesIn(BadInfoCases()), NameOf);

TEST(FanotifyDecoderTest, EveryTruncationGivesTheGoodRecordsAndAnError) {
  const std::string first = Created("f");
  const std::string both = first + FanotifyRecordBytes(FAN_RENAME, {NameInfo(kOldNameInfo, Handle(3), "a"),
                                                                    NameInfo(kNewNameInfo, Handle(4), "b"),
                                                                    HandleInfo(kTarget, Handle(5))});
  ASSERT_THAT(Decode(both).records, SizeIs(2));
  for (std::size_t size = 1; size < both.size(); ++size) {
    const Decoded decoded = Decode(absl::string_view(both).substr(0, size));
    EXPECT_EQ(decoded.status.ok(), size == first.size()) << size;
    EXPECT_THAT(decoded.records, SizeIs(size < first.size() ? 0 : 1)) << size;
  }
}

// The buffer ends where the record says, but the information goes on.
TEST(FanotifyDecoderTest, EveryTruncationOfARecordThatSaysToBeWholeStaysWithinIt) {
  const std::string whole = NameInfo(kName, Handle(1), "f") + HandleInfo(kTarget, Handle(2));
  const std::size_t first = NameInfo(kName, Handle(1), "f").size();
  for (std::size_t size = 1; size < whole.size(); ++size) {
    const Decoded decoded = Decode(FanotifyRecordBytes(FAN_CREATE, {whole.substr(0, size)}) + Created("h"));
    if (size == first) {
      EXPECT_THAT(decoded.records, ElementsAre("256 #1/f / ", "256 #1/h / #2"));
    } else {
      EXPECT_THAT(decoded.records, IsEmpty()) << size;
      EXPECT_TRUE(absl::IsDataLoss(decoded.status)) << size;
    }
  }
}

TEST(FanotifyDecoderTest, TheBufferNeedNotBeAligned) {
  for (std::size_t shift = 1; shift < 8; ++shift) {
    const std::string shifted = std::string(shift, 'x') + Created("f");
    EXPECT_THAT(Decode(absl::string_view(shifted).substr(shift)).records, ElementsAre("256 #1/f / #2"));
  }
}

}  // namespace
}  // namespace lookout::file_internal
