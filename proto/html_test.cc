#include "proto/html.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace vidimus {
namespace {

using testing::HasSubstr;

TEST(HtmlTest, EscapesWhatIsNoText) {
  EXPECT_EQ(Escaped("a<b>&\"'"), "a&lt;b&gt;&amp;&quot;&#39;");
  EXPECT_EQ(Escaped("å ä\n"), "å ä\n");
  EXPECT_EQ(Escaped("\xc0\xaf"), "\xef\xbf\xbd\xef\xbf\xbd");  // overlong
  EXPECT_EQ(Escaped("\xed\xa0\x80"),                           // a surrogate
            "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
  EXPECT_EQ(Escaped("\xe2\x82"), "\xef\xbf\xbd\xef\xbf\xbd");  // cut
  EXPECT_EQ(Escaped(std::string("\0\x1b\x7f", 3)),
            "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
  EXPECT_EQ(Escaped("\xf0\x9f\x94\x8d"), "\xf0\x9f\x94\x8d");
}

TEST(HtmlTest, ABrowserMayDoNothingButShow) {
  const HttpResponse page = QuietPage("text/html", "x");
  std::string policy;
  for (const auto& [name, value] : page.headers) {
    if (name == "Content-Security-Policy") policy = value;
  }
  EXPECT_THAT(policy, HasSubstr("default-src 'none'"));
  EXPECT_THAT(policy, HasSubstr("frame-ancestors 'none'"));
}

TEST(HtmlTest, ATitleIsText) {
  EXPECT_THAT(QuietPageBegin("</title><script>", "style.css"),
              HasSubstr("<title>&lt;/title&gt;&lt;script&gt;</title>"));
}

TEST(HtmlTest, TellsTimes) {
  EXPECT_EQ(DurationText(-5), "0 seconds");
  EXPECT_EQ(DurationText(1), "1 second");
  EXPECT_EQ(DurationText(119), "119 seconds");
  EXPECT_EQ(DurationText(120), "2 minutes");
  EXPECT_EQ(DurationText(2 * 3600), "2 hours");
  EXPECT_EQ(DurationText(49 * 3600), "2 days");
  EXPECT_EQ(TimeText(1795392000), "2026-11-23 00:00:00 UTC");
  EXPECT_EQ(RfcTime(1795392000), "2026-11-23T00:00:00Z");
}

}  // namespace
}  // namespace vidimus
