#include "client/monitor/gossip_wire.h"

#include <string>

#include "client/monitor/gossip.h"
#include "gtest/gtest.h"
#include "verifier/checkpoint.h"

namespace vidimus {
namespace {

v1::GossipMessage Full() {
  v1::GossipMessage message;
  for (const char* origin : {"log.example/a", "log.example/b"}) {
    v1::LogGossip* const log = message.add_logs();
    log->set_origin(origin);
    log->add_notes("a note");
    log->add_notes("");
    log->add_convicted(10);
    log->add_convicted(12);
    log->add_convictions("a file");
  }
  message.add_logs()->set_origin("log.example/c");
  return message;
}

bool Parses(const v1::GossipMessage& message) {
  return ParseGossip(FormatGossip(message)).ok();
}

TEST(GossipWireTest, WhatIsFormattedParsesToTheSame) {
  for (const v1::GossipMessage& message : {Full(), v1::GossipMessage()}) {
    const auto parsed = ParseGossip(FormatGossip(message));
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    EXPECT_EQ(FormatGossip(*parsed), FormatGossip(message));
    EXPECT_EQ(parsed->logs_size(), message.logs_size());
  }
}

TEST(GossipWireTest, RefusesWhatIsCutOrStrange) {
  const std::string bytes = FormatGossip(Full());
  int shorter = 0;  // cut between two logs it is a shorter message
  for (size_t i = 1; i < bytes.size(); ++i) {
    if (ParseGossip(bytes.substr(0, i)).ok()) ++shorter;
  }
  EXPECT_EQ(shorter, 2);
  for (const std::string& strange :
       {std::string("\x12\x00", 2),                    // another field
        std::string("\x0a\x00", 2),                    // a log without origin
        std::string("\x0a\x02\x0a\x00", 4),            // the same, said
        std::string("\x0a\x80\x00", 3),                // an overlong length
        std::string("\x0a\x03\x0a\x01\xff", 5),        // not UTF-8
        std::string("\x0a\x05\x18\x0a\x0a\x01x", 7),   // out of order
        std::string("\x0a\x06\x0a\x01x\x0a\x01y", 8),  // two origins
        std::string("\x0a\x06\x0a\x01x\x1a\x01\x0a", 8)}) {  // a packed list
    EXPECT_FALSE(ParseGossip(strange).ok());
  }
}

TEST(GossipWireTest, RefusesMoreThanTheLimits) {
  v1::GossipMessage message;
  for (size_t i = 0; i < kGossipLogsPerMessage; ++i) {
    message.add_logs()->set_origin("log.example/a");
  }
  EXPECT_TRUE(Parses(message));
  message.add_logs()->set_origin("log.example/a");
  EXPECT_FALSE(Parses(message));

  message = v1::GossipMessage();
  v1::LogGossip* const log = message.add_logs();
  log->set_origin(std::string(kOriginBytesMax, 'x'));
  EXPECT_TRUE(Parses(message));
  log->set_origin(std::string(kOriginBytesMax + 1, 'x'));
  EXPECT_FALSE(Parses(message));
  log->set_origin("log.example/a");

  for (size_t i = 0; i < kGossipNotesPerLog; ++i) log->add_notes("n");
  EXPECT_TRUE(Parses(message));
  log->add_notes("n");
  EXPECT_FALSE(Parses(message));
  log->clear_notes();

  log->add_notes(std::string(kGossipNoteBytesMax, 'x'));
  EXPECT_TRUE(Parses(message));
  log->set_notes(0, std::string(kGossipNoteBytesMax + 1, 'x'));
  EXPECT_FALSE(Parses(message));
  log->clear_notes();

  for (int i = 0; i < kConvictionKindCount; ++i) {
    log->add_convicted(10);
    log->add_convictions("f");
  }
  EXPECT_TRUE(Parses(message));
  log->add_convicted(10);
  EXPECT_FALSE(Parses(message));
  log->clear_convicted();
  log->add_convictions("f");
  EXPECT_FALSE(Parses(message));
  log->clear_convictions();

  log->add_convictions(std::string(kGossipConvictionBytesMax, 'x'));
  EXPECT_TRUE(Parses(message));
  log->add_convictions(std::string(kGossipConvictionBytesMax + 1, 'x'));
  EXPECT_FALSE(Parses(message));

  log->clear_convictions();
  for (int i = 0; i < 5; ++i) {
    log->add_convictions(std::string(kGossipConvictionBytesMax - 100, 'x'));
  }
  EXPECT_FALSE(Parses(message));  // 5 MiB
}

}  // namespace
}  // namespace vidimus
