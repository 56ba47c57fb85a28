// What an answer's bytes mean, whatever pieces they come in.
#include "lookout/adapters/docker/engine_client.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/adapters/docker/hang_up.h"
#include "lookout/adapters/docker/memory_connection.h"
#include "lookout/adapters/docker/testdata.h"
#include "lookout/testing/fake_clock.h"

namespace lookout::docker_internal {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr absl::string_view kHead = "HTTP/1.1 200 OK\r\n";
constexpr absl::string_view kChunkedHead = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

class EngineClientTest : public ::testing::Test {
 protected:
  // Each answer is given whole, byte by byte, and in sevens; all must mean the same.
  template <typename Ask>
  auto InAllPieces(const MemoryAnswer& answer, Ask ask) {
    auto result = ask(answer);
    for (const std::size_t piece : {1, 7}) {
      MemoryAnswer pieces = answer;
      pieces.piece = [piece] { return piece; };
      auto again = ask(pieces);
      EXPECT_EQ(again.first, result.first) << piece;
      EXPECT_EQ(again.second, result.second) << piece;
    }
    return result;
  }

  absl::StatusOr<EngineReply> GetOf(MemoryAnswer answer, std::size_t max_body = kMaxReplyBody) {
    EngineClient client("mem", "docker", absl::Seconds(10), AnswerFromMemory(std::move(answer)));
    return client.Get("/x", wait_, max_body);
  }

  // The body, and why there is none; "…" at the end of a body that was cut.
  std::pair<std::string, absl::Status> Get(absl::string_view bytes, std::size_t max_body = kMaxReplyBody) {
    return InAllPieces({.bytes = std::string(bytes)}, [&](MemoryAnswer answer) {
      const absl::StatusOr<EngineReply> reply = GetOf(std::move(answer), max_body);
      if (!reply.ok()) return std::pair(std::string(), reply.status());
      return std::pair(absl::StrCat(reply->status, " ", reply->body, reply->cut ? "…" : ""),
                       absl::OkStatus());
    });
  }

  // What a stream told: "sent head data…", and how it ended.
  std::pair<std::string, absl::Status> Stream(MemoryAnswer answer) {
    return InAllPieces(answer, [&](MemoryAnswer pieces) {
      EngineClient client("mem", "docker", absl::Seconds(10), AnswerFromMemory(std::move(pieces)));
      std::string told;
      const absl::StatusOr<EngineReply> reply =
          client.Stream("/x", wait_,
                        {.on_sent = [&] { return told.append("sent "), true; },
                         .on_head = [&] { return told.append("head "), true; },
                         .on_data = [&](absl::string_view data) { return told.append(data), true; }});
      if (reply.ok()) absl::StrAppend(&told, "=", reply->status, reply->body);
      return std::pair(told, reply.status());
    });
  }

  FakeClock clock_;
  StoppableWait wait_{clock_, {}};
};

TEST_F(EngineClientTest, AnAnswersHeadersAreRead) {
  const auto reply =
      GetOf({.bytes = "HTTP/1.1 200 OK\r\nApi-Version: 1.51\r\nserver: Libpod/5.4.2 (linux)\r\n"
                      "LIBPOD-API-VERSION: 5.4.2\r\nContent-Type: text/plain; charset=utf-8\r\n"
                      "Date: Thu, 01 Jan 2026 12:00:05 GMT\r\nLocation: /a\r\nContent-Length: 2\r\n\r\nOK"});
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->api_version, "1.51");
  EXPECT_EQ(reply->server, "Libpod/5.4.2 (linux)");
  EXPECT_EQ(reply->libpod_version, "5.4.2");
  EXPECT_EQ(reply->content_type, "text/plain; charset=utf-8");
  EXPECT_EQ(reply->location, "/a");
  EXPECT_EQ(reply->date, absl::FromUnixSeconds(1767268805));
  EXPECT_EQ(reply->body, "OK");
}

TEST_F(EngineClientTest, ADateThatIsNoneIsAbsent) {
  for (const absl::string_view date : {"", "Date: now\r\n", "Date: 2026-01-01T12:00:05Z\r\n"}) {
    const auto reply = GetOf({.bytes = absl::StrCat(kHead, date, "\r\n")});
    ASSERT_TRUE(reply.ok()) << reply.status();
    EXPECT_EQ(reply->date, std::nullopt);
  }
}

TEST_F(EngineClientTest, BodiesAreFramedAsTheHeadSays) {
  const struct {
    absl::string_view answer, expected;
  } table[] = {
      {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOKmore", "200 OK"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\nContent-Length: 2\r\n\r\nOK", "200 OK"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "200 "},
      {"HTTP/1.1 200 OK\r\n\r\nuntil the end", "200 until the end"},
      {"HTTP/1.0 200 OK\r\n\r\nold", "200 old"},
      {"HTTP/1.1 200\r\n\r\nno reason", "200 no reason"},
      {"HTTP/1.1 200 OK\n\nlines end in LF", "200 lines end in LF"},
      {"HTTP/1.1 200 OK\nTransfer-Encoding:  Chunked \n\n2\r\nOK\r\n0\r\n\r\n", "200 OK"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nOK\r\n0\r\n\r\n",
       "200 OK"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\nContent-Length: 2\r\n\r\nOK", "200 OK"},
      {"HTTP/1.1 200 OK\r\nContent-Encoding: identity\r\nContent-Length: 2\r\n\r\nOK", "200 OK"},
      {"HTTP/1.1 204 No Content\r\n\r\nnot a body", "204 "},
      {"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", "304 "},
      {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\nOK", "200 OK"},
      {"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nContent-Length: 7\r\n\r\n"
       "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK\r\n\r\nOK",
       "200 OK"},
      {"HTTP/1.1 307 Temporary Redirect\r\nLocation: http://else/\r\nContent-Length: 4\r\n\r\nelse",
       "307 else"},
      {"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 3\r\n\r\noh!", "500 oh!"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nbroken", "200 broken…"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nbroken", "200 broken…"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nOK\r\n", "200 OK…"},
  };
  for (const auto& [answer, expected] : table) {
    EXPECT_EQ(Get(answer), std::pair(std::string(expected), absl::OkStatus())) << answer;
  }
}

TEST_F(EngineClientTest, ChunksAreReadStrictly) {
  const struct {
    absl::string_view chunks, expected;  // "…" where the body is broken
  } table[] = {
      {"3\r\nabc\r\n0\r\n\r\n", "200 abc"},
      {"3;name=value;x=\"y\"\r\nabc\r\n0;last\r\n\r\n", "200 abc"},
      {"3 \t; x\r\nabc\r\n0\r\n\r\n", "200 abc"},
      {"0003\r\nabc\r\n1\r\nd\r\n00\r\nTrailer: a\r\nOther: b\r\n\r\nbehind", "200 abcd"},
      {"A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n", "200 01234567890123456789"},
      {"-2\r\nabc\r\n", "200 …"},
      {"+3\r\nabc\r\n", "200 …"},
      {" 3\r\nabc\r\n", "200 …"},
      {"0x3\r\nabc\r\n", "200 …"},
      {"3 3\r\nabc\r\n", "200 …"},
      {"\r\nabc\r\n", "200 …"},
      {"zz\r\nabc\r\n", "200 …"},
      {"3\nabc\r\n0\r\n\r\n", "200 …"},
      {"3;x\nabc\r\n0\r\n\r\n", "200 …"},
      {"3\r\nabcd\r\n0\r\n\r\n", "200 abc…"},
      {"3\r\nabc\n0\r\n\r\n", "200 abc…"},
      {"FFFFFFFFFFFFFFFFF\r\nabc\r\n", "200 …"},
      {"10000000000000003\r\nabc\r\n", "200 …"},
      {"7fffffffffffffff\r\nabc", "200 abc…"},
  };
  for (const auto& [chunks, expected] : table) {
    EXPECT_EQ(Get(absl::StrCat(kChunkedHead, chunks)), std::pair(std::string(expected), absl::OkStatus()))
        << chunks;
  }
  const std::string long_line(10'000, '0'), long_trailer(100'000, 'x');
  EXPECT_EQ(Get(absl::StrCat(kChunkedHead, long_line, "1\r\na\r\n0\r\n\r\n")).first, "200 …");
  EXPECT_EQ(Get(absl::StrCat(kChunkedHead, "1;", long_line, "\r\na\r\n0\r\n\r\n")).first, "200 …");
  EXPECT_EQ(Get(absl::StrCat(kChunkedHead, "1\r\na\r\n0\r\n", long_trailer, "\r\n\r\n")).first, "200 a…");
}

TEST_F(EngineClientTest, WhatIsNoAnswerIsUnavailableAndSaysWhy) {
  const std::string line(2'000, 'x'), field(9'000, 'x');
  std::string fields, large;
  for (int i = 0; i < 101; ++i) absl::StrAppend(&fields, "F", i, ": v\r\n");
  for (int i = 0; i < 9; ++i) absl::StrAppend(&large, "F: ", field.substr(0, 8'000), "\r\n");
  std::string hints;
  for (int i = 0; i < 3'000; ++i) hints += "HTTP/1.1 103 Early Hints\r\n\r\n";
  const std::pair<std::string, std::string> table[] = {
      {"", "closed without an answer"},
      {"HTTP/1.1 200", "the answer broke off"},
      {"HTTP/1.1 200 OK\r\nA: b\r\n", "the answer broke off"},
      {"SSH-2.0-OpenSSH_9.2\r\n\r\n", "not HTTP: it begins \"SSH-2.0-OpenSSH_9.2\""},
      {std::string("\x15\x03\x01\x00\x02\x02\n", 7), "a control character"},
      {"HTTP/2 200\r\n\r\n", "it begins \"HTTP/2 200\""},
      {"HTTP/1.1 20 OK\r\n\r\n", "it begins"},
      {"HTTP/1.1 2000\r\n\r\n", "it begins"},
      {"HTTP/1.1 999 OK\r\n\r\n", "it begins"},
      {"\r\nHTTP/1.1 200 OK\r\n\r\n", "it begins \"\""},
      {line, "its first line is too long"},
      {absl::StrCat("HTTP/1.1 200 ", line, "\r\n\r\n"), "its first line is too long"},
      {absl::StrCat(kHead, "A: ", field, "\r\n\r\n"), "its header is too large"},
      {absl::StrCat(kHead, fields, "\r\n"), "its header is too large"},
      {absl::StrCat(kHead, large, "\r\n"), "its header is too large"},
      {hints, "its header is too large"},
      {absl::StrCat(kHead, "no colon\r\n\r\n"), "no field"},
      {absl::StrCat(kHead, "A : b\r\n\r\n"), "no field"},
      {absl::StrCat(kHead, "A: b\r\n folded\r\n\r\n"), "no field"},
      {absl::StrCat(kHead, "A: b\rc\r\n\r\n"), "a control character"},
      {absl::StrCat(kHead, "Transfer-Encoding: gzip, chunked\r\n\r\n"), "\"gzip, chunked\""},
      {absl::StrCat(kHead, "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"),
       "Transfer-Encoding"},
      {"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "Transfer-Encoding"},
      {absl::StrCat(kHead, "Content-Encoding: gzip\r\n\r\n"), "\"gzip\" though none was asked for"},
      {absl::StrCat(kHead, "Content-Length: 2\r\nContent-Length: 3\r\n\r\nabc"), "Content-Length"},
      {absl::StrCat(kHead, "Content-Length: -1\r\n\r\n"), "Content-Length \"-1\""},
      {absl::StrCat(kHead, "Content-Length: 99999999999999999999\r\n\r\n"), "Content-Length"},
      {absl::StrCat(kHead, "Content-Length:\r\n\r\n"), "Content-Length"},
      {"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n", "changes the protocol"},
  };
  for (const auto& [answer, expected] : table) {
    const auto [body, status] = Get(answer);
    const std::string shown = answer.substr(0, 80);
    EXPECT_EQ(body, "") << shown;
    EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << shown;
    EXPECT_THAT(std::string(status.message()), StartsWith("mem: ")) << shown;
    EXPECT_THAT(std::string(status.message()), HasSubstr(expected)) << shown;
  }
}

TEST_F(EngineClientTest, ABodyIsCutAtTheBoundOfTheCallersChoice) {
  const std::string answer = absl::StrCat(kHead, "\r\n", std::string(100'000, 'x'));
  EXPECT_EQ(Get(answer, 3).first, "200 xxx…");
  EXPECT_EQ(GetOf({.bytes = answer})->body.size(), kMaxReplyBody);
  EXPECT_TRUE(GetOf({.bytes = answer})->cut);
  EXPECT_EQ(GetOf({.bytes = answer}, 100'000)->body.size(), 100'000u);
  EXPECT_FALSE(GetOf({.bytes = answer}, 100'000)->cut);
  EXPECT_EQ(GetOf({.bytes = answer}, 0)->body, "");
}

TEST_F(EngineClientTest, AnAnswerThatComesToTheDeadlineIsNone) {
  const auto reply = GetOf(
      {.bytes = absl::StrCat(kHead, "\r\npart"), .end = absl::DeadlineExceededError("no answer in time")});
  EXPECT_EQ(reply.status(), absl::DeadlineExceededError("mem: no answer in time"));
}

TEST_F(EngineClientTest, AStreamTellsWhatComesAsItComes) {
  EXPECT_EQ(Stream({.bytes = absl::StrCat(kChunkedHead, "3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n")}),
            std::pair(std::string("sent head abcd=200"), absl::OkStatus()));
  EXPECT_EQ(Stream({.bytes = "HTTP/1.0 200 OK\r\n\r\nabcd"}),
            std::pair(std::string("sent head abcd=200"), absl::OkStatus()));
  EXPECT_EQ(Stream({.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabcd"}),
            std::pair(std::string("sent head abcd=200"), absl::OkStatus()));
  EXPECT_EQ(Stream({.bytes = "HTTP/1.1 204 No Content\r\n\r\n"}),
            std::pair(std::string("sent =204"), absl::OkStatus()));
}

TEST_F(EngineClientTest, AStreamThatBreaksGivesAllThatWasGood) {
  EXPECT_EQ(Stream({.bytes = absl::StrCat(kChunkedHead, "3\r\nabc\r\nzz\r\n")}),
            std::pair(std::string("sent head abc"),
                      absl::UnavailableError("mem: an answer that cannot be read: a chunk without a size")));
  EXPECT_EQ(Stream({.bytes = absl::StrCat(kChunkedHead, "9\r\nabc")}),
            std::pair(std::string("sent head abc"), HangUp("mem: the answer broke off")));
  EXPECT_EQ(
      Stream({.bytes = absl::StrCat(kChunkedHead, "9\r\nabc"),
              .end = absl::UnavailableError("read: Connection reset by peer")}),
      std::pair(std::string("sent head abc"), absl::UnavailableError("mem: read: Connection reset by peer")));
}

TEST_F(EngineClientTest, AnAnswerOtherThan200IsNoStream) {
  EXPECT_EQ(Stream({.bytes = "HTTP/1.1 403 Forbidden\r\n\r\n<html>no</html>"}),
            std::pair(std::string("sent =403<html>no</html>"), absl::OkStatus()));
}

TEST_F(EngineClientTest, NoMoreIsReadOnceNoMoreIsWanted) {
  for (const absl::string_view unwanted : {"sent", "head", "data"}) {
    EngineClient client("mem", "docker", absl::Seconds(10),
                        AnswerFromMemory({.bytes = absl::StrCat(kHead, "\r\nabc")}));
    std::string told;
    const auto tell = [&](absl::string_view what) {
      absl::StrAppend(&told, what);
      return what != unwanted;
    };
    const auto reply = client.Stream("/x", wait_,
                                     {.on_sent = [&] { return tell("sent"); },
                                      .on_head = [&] { return tell("head"); },
                                      .on_data = [&](absl::string_view) { return tell("data"); }});
    EXPECT_EQ(reply.status().code(), absl::StatusCode::kCancelled) << unwanted;
    EXPECT_THAT(told, ::testing::EndsWith(std::string(unwanted)));
  }
}

TEST_F(EngineClientTest, TheRecordingsOfRealEnginesAreRead) {
  for (const std::string file : {"docker-20.10-raw-http.bin", "docker-28.5-raw-http.bin"}) {
    const std::string recorded = ReadTestData(file);
    const auto [told, status] = Stream({.bytes = std::string(absl::StripSuffix(recorded, "<open>"))});
    EXPECT_THAT(told, StartsWith("sent head {")) << file;
    EXPECT_EQ(std::count(told.begin(), told.end(), '\n'), 7) << file;
    EXPECT_THAT(told, ::testing::EndsWith("}\n")) << file;
  }
}

TEST_F(EngineClientTest, TheRequestKeepsItsQueryWhateverItHolds) {
  // What percent-decoding gives must be what was encoded: & and = of values, +, blanks, %, non-ASCII.
  const std::string query = "filters=%7B%22label%22%3A%5B%22a%2Bb%3Dc%26d%3De%20f%25%23%C3%BC%22%5D%7D";
  std::string request;
  EngineClient client("mem", "h:2375", absl::Seconds(10),
                      AnswerFromMemory({.bytes = std::string(kHead) + "\r\n"}, &request));
  ASSERT_TRUE(client.Get("/v1.41/events?since=0&" + query, wait_).ok());
  const std::string line = request.substr(0, request.find("\r\n"));
  // What RFC 3986 and forms leave to the writer.
  const auto canonical = [](absl::string_view text) {
    return absl::StrReplaceAll(text, {{"%3A", ":"}, {"%3D", "="}, {"%20", "+"}});
  };
  EXPECT_EQ(canonical(line), absl::StrCat("GET ", canonical("/v1.41/events?since=0&" + query), " HTTP/1.1"));
  EXPECT_THAT(request, HasSubstr("\r\nHost: h:2375\r\n"));
  EXPECT_THAT(request, HasSubstr("\r\nConnection: close\r\n"));
  EXPECT_THAT(request, HasSubstr("\r\nAccept-Encoding: identity\r\n"));
}

}  // namespace
}  // namespace lookout::docker_internal
