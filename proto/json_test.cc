#include "proto/json.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "proto/vidimus.pb.h"

namespace vidimus {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string Complaint(absl::string_view json) {
  v1::SubmitRequest request;
  const absl::Status status = FromJson(json, &request);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << json;
  return std::string(status.message());
}

TEST(JsonTest, ReadsWhatItWrites) {
  v1::SubmitRequest request;
  request.set_request_id(18446744073709551615u);
  request.set_origin("log.example/2026h2");
  request.set_administration(7);
  request.set_signature(std::string("\0\xff\x10", 3));
  request.add_entries()->set_record("r");
  request.add_entries();
  const auto json = ToJson(request);
  ASSERT_TRUE(json.ok());
  EXPECT_EQ(*json,
            "{\"requestId\":\"18446744073709551615\","
            "\"origin\":\"log.example/2026h2\",\"administration\":7,"
            "\"entries\":[{\"record\":\"cg==\"},{}],\"signature\":\"AP8Q\"}");
  v1::SubmitRequest read;
  read.set_origin("cleared");
  ASSERT_TRUE(FromJson(*json, &read).ok());
  EXPECT_EQ(read.SerializeAsString(), request.SerializeAsString());
  ASSERT_TRUE(FromJson("{}", &read).ok());
  EXPECT_EQ(read.ByteSizeLong(), 0u);
}

TEST(JsonTest, NamesTheFieldAndWhatItWants) {
  EXPECT_EQ(Complaint("{\"administration\":\"abc\"}"),
            "JSON: administration: want a whole number from 0 to 4294967295");
  EXPECT_EQ(Complaint("{\"administration\":4294967296}"),
            "JSON: administration: want a whole number from 0 to 4294967295");
  EXPECT_EQ(Complaint("{\"administration\":true}"),
            "JSON: administration: want a whole number from 0 to 4294967295");
  EXPECT_EQ(
      Complaint("{\"requestId\":-1}"),
      "JSON: request_id: want a whole number from 0 to 18446744073709551615");
  EXPECT_EQ(Complaint("{\"origin\":7}"), "JSON: origin: want a string");
  EXPECT_EQ(Complaint("{\"entries\":3}"), "JSON: entries: want an object");
  EXPECT_EQ(Complaint("{\"entries\":[{},{\"record\":5}]}"),
            "JSON: entries[1].record: want base64 in a string");
  EXPECT_THAT(Complaint("{\"entries\":[{\"record\":{\"a\":1}}]}"),
              HasSubstr("JSON: entries[0]: want"));
}

TEST(JsonTest, RejectsWhatIsNotAnObjectOrNotJson) {
  EXPECT_EQ(Complaint("[]"), "JSON: want an object");
  EXPECT_EQ(Complaint("null"), "JSON: want an object");
  for (const char* json : {"", "{", "{\"origin\":", "{} x", "\x01", "{\"a"}) {
    EXPECT_EQ(Complaint(json), "JSON: damaged or cut short") << json;
  }
  EXPECT_EQ(Complaint("{\"origin\":\"\xff\"}"), "JSON: not UTF-8");
  std::string deep;
  for (int i = 0; i < 100000; ++i) deep += "{\"entries\":[";
  EXPECT_EQ(Complaint(deep), "JSON: nested too deep");
}

TEST(JsonTest, NeverRepeatsWhatTheCallerSent) {
  for (const char* json :
       {"{\"secret\":1}", "{\"entries\":[{\"secret\":1}]}",
        "{\"entries\":[{\"record\":\"!!secret!!\"}]}",
        "{\"administration\":\"secret\"}", "{\"entries\":\"secret\"}",
        "{\"origin\":{\"secret\":1}}", "{\"origin\":secret",
        "{\"signature\":\"secret=\"} for type secret"}) {
    EXPECT_THAT(Complaint(json), Not(HasSubstr("secret"))) << json;
  }
}

}  // namespace
}  // namespace vidimus
