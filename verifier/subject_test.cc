#include "verifier/subject.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

namespace vidimus {
namespace {

const std::vector<IdScheme> kSchemes = {{0, "opaque"},   {1, "uuid"},
                                        {2, "fi-hetu"},  {3, "se-personnummer"},
                                        {200, "opaque"}, {255, "klingon"}};

Finding Judge(int scheme, const std::string& id) {
  return JudgeSubject(kSchemes, std::string(1, static_cast<char>(scheme)) + id);
}

// Whoever replaces one character by any other, or cuts, or lengthens, has
// another spelling or another person, never the same.
int AcceptedNeighbours(int scheme, const std::string& id) {
  int accepted = 0;
  for (size_t i = 0; i < id.size(); ++i) {
    for (int c = 0; c < 256; ++c) {
      std::string changed = id;
      changed[i] = static_cast<char>(c);
      if (changed != id && Judge(scheme, changed) == Finding::kOk) ++accepted;
    }
  }
  for (const std::string& changed :
       {id.substr(1), id.substr(0, id.size() - 1), id + " ", " " + id, id + "0",
        id + std::string(1, '\0')}) {
    EXPECT_NE(Judge(scheme, changed), Finding::kOk);
  }
  return accepted;
}

TEST(SubjectTest, NeedsASchemeThatConfigNames) {
  EXPECT_EQ(Judge(4, "id"), Finding::kSubjectScheme);
  EXPECT_EQ(Judge(199, "id"), Finding::kSubjectScheme);
  EXPECT_EQ(Judge(200, "id"), Finding::kOk);
  EXPECT_EQ(JudgeSubject({}, "\1id"), Finding::kSubjectScheme);
}

TEST(SubjectTest, NeedsAFormThatThisProgramKnows) {
  EXPECT_EQ(Judge(255, "id"), Finding::kSubjectForm);
  for (const char* name : {"opaque", "uuid", "fi-hetu", "se-personnummer"}) {
    EXPECT_TRUE(IdFormIsKnown(name));
  }
  for (const char* name : {"", "klingon", "Opaque", "uuid "}) {
    EXPECT_FALSE(IdFormIsKnown(name));
  }
}

TEST(SubjectTest, HasAnIdThatFitsIntoARecord) {
  EXPECT_EQ(JudgeSubject(kSchemes, ""), Finding::kSubjectSize);
  EXPECT_EQ(Judge(0, ""), Finding::kSubjectSize);
  EXPECT_EQ(Judge(0, "x"), Finding::kOk);
  EXPECT_EQ(Judge(0, std::string(254, 'x')), Finding::kOk);
  EXPECT_EQ(Judge(0, std::string(255, 'x')), Finding::kSubjectSize);
}

TEST(SubjectTest, OpaqueIsAnyBytes) {
  EXPECT_EQ(Judge(0, std::string("\0\xff\n", 3)), Finding::kOk);
}

TEST(SubjectTest, UuidHasOneSpelling) {
  const std::string uuid = "f81d4fae-7dec-11d0-a765-00a0c91e6bf6";
  EXPECT_EQ(Judge(1, uuid), Finding::kOk);
  for (const char* other : {"F81D4FAE-7DEC-11D0-A765-00A0C91E6BF6",
                            "f81d4fae7dec11d0a76500a0c91e6bf6",
                            "{f81d4fae-7dec-11d0-a765-00a0c91e6bf6}",
                            "urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
                            "f81d4fa-e7dec-11d0-a765-00a0c91e6bf6",
                            "g81d4fae-7dec-11d0-a765-00a0c91e6bf6"}) {
    EXPECT_EQ(Judge(1, other), Finding::kSubjectSpelling) << other;
  }
  // 32 digits, each of 15 others.
  EXPECT_EQ(AcceptedNeighbours(1, uuid), 32 * 15);
}

// Individual numbers from 900 up are given to nobody for good.
TEST(SubjectTest, HetuHasOneSpelling) {
  for (const char* id : {"311280-999J", "010100A900F", "290200A901C",
                         "290296-9026", "010180+9004", "100190Y999P",
                         "100190-999P", "010100F900F", "010199U9997"}) {
    EXPECT_EQ(Judge(2, id), Finding::kOk) << id;
  }
  for (const char* id : {
           "311280-999j",   // small letter
           "311280 -999J",  // with a space
           "311280999J",    // without a sign
           "31121980-999J",
           "311280-999K",  // control character
           "311280G999J",  // no century
           "311280a999J",
           "321280-9996",  // no such day
           "310280-999F",
           "290200+901C",  // 1800 had no such day
           "001280-999J",
           "310080-999V",
           "311380-999B",
           "311280-000A",  // individual numbers begin at 002
           "311280-001B",
       }) {
    EXPECT_EQ(Judge(2, id), Finding::kSubjectSpelling) << id;
  }
  // The signs of centuries name other persons; the control character catches
  // every other slip, digits that differ by 31 times something not being.
  EXPECT_EQ(AcceptedNeighbours(2, "100190-999P"), 12);
}

// 701063-2391 is the Swedish Tax Agency's own example of a coordination number.
TEST(SubjectTest, PersonnummerHasOneSpelling) {
  for (const char* id :
       {"197010632391", "189001019802", "200002299808", "200002899805"}) {
    EXPECT_EQ(Judge(3, id), Finding::kOk) << id;
  }
  for (const char* id : {
           "7010632391",   // without the century
           "701063-2391",  // with a hyphen
           "19701063-2391",
           "701063+2391",
           "197010632392",  // check digit
           "197010602394",  // day 60
           "197010922396",  // day 92
           "197013632398",  // month 13
           "197002309800",  // 30 February
           "190002299808",  // 1900 was no leap year
           "200002290005",  // individual numbers begin at 001
           "217010632391",  // year 2170
           "170010632396",
       }) {
    EXPECT_EQ(Judge(3, id), Finding::kSubjectSpelling) << id;
  }
  // Of one digit changed the check digit lets nothing pass; it does not cover
  // the century.
  EXPECT_EQ(AcceptedNeighbours(3, "197010632391"), 1);
}

}  // namespace
}  // namespace vidimus
