#include "lookout/tools/lookout/printable.h"

#include <string>

#include "gtest/gtest.h"

namespace lookout {
namespace {

struct Case {
  std::string bytes;
  std::string printable;
};

TEST(PrintableTest, Table) {
  const Case cases[] = {
      {"", ""},
      {"conf/app.yml", "conf/app.yml"},
      {"with space < > -", "with space < > -"},
      {"héllo 世界 😀", "héllo 世界 😀"},
      {"a\nb\tc\rd", "a\\nb\\tc\\rd"},
      {"a\\nb", "a\\\\nb"},
      {std::string("nul\0x", 5), "nul\\x00x"},
      {"\x1b[31mred\x07", "\\x1b[31mred\\x07"},
      {"\x7f", "\\x7f"},
      {"\xc2\x9b"
       "2J",
       "\\xc2\\x9b2J"},  // CSI as one character
      {"\xe2\x80\xae"
       "gpj",
       "\\xe2\\x80\\xaegpj"},  // right-to-left override
      {"\xe2\x81\xa6|\xe2\x81\xa9", "\\xe2\\x81\\xa6|\\xe2\\x81\\xa9"},
      {"\xe2\x80\xa8", "\\xe2\\x80\\xa8"},  // line separator
      {"\xff\xfe", "\\xff\\xfe"},
      {"\xc0\xaf", "\\xc0\\xaf"},                    // overlong
      {"\xe0\x80\xaf", "\\xe0\\x80\\xaf"},           // overlong
      {"\xed\xa0\x80", "\\xed\\xa0\\x80"},           // a surrogate
      {"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"},  // beyond Unicode
      {"\xe4\xb8", "\\xe4\\xb8"},                    // cut off
      {"\xe4\xb8|", "\\xe4\\xb8|"},                  // cut off by another
      {"\x80", "\\x80"},
  };
  for (const Case& c : cases) EXPECT_EQ(Printable(c.bytes), c.printable);
}

TEST(PrintableTest, NoByteEscapesUnseen) {
  for (int byte = 0; byte < 256; ++byte) {
    for (char c : Printable(std::string(1, static_cast<char>(byte)))) {
      EXPECT_TRUE(c >= 0x20 && c < 0x7f) << byte;
    }
  }
}

}  // namespace
}  // namespace lookout
