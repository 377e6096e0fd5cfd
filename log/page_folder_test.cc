#include "log/page_folder.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <memory>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "proto/gzip.h"

namespace vidimus {
namespace {

class PageFolderTest : public testing::Test {
 protected:
  PageFolderTest() {
    path_ = absl::StrCat(getenv("TEST_TMPDIR"), "/page.XXXXXX");
    if (mkdtemp(path_.data()) == nullptr) abort();
    Write("index.html", "<!DOCTYPE html><title>page</title>");
  }

  std::string At(const std::string& name) const { return path_ + "/" + name; }
  void Write(const std::string& name, const std::string& bytes) {
    std::ofstream(At(name), std::ios::binary) << bytes;
  }
  void Folder(const std::string& name) {
    ASSERT_EQ(mkdir(At(name).c_str(), 0755), 0);
  }
  absl::StatusOr<std::unique_ptr<const PageFolder>> Read(
      const PageLimits& limits = {}) {
    return PageFolder::Read(path_, {"helsinki"}, limits);
  }
  // Expects that the folder is refused, for a reason that has `word`.
  void Refuses(const std::string& word) {
    const auto page = Read();
    ASSERT_FALSE(page.ok());
    EXPECT_TRUE(absl::IsInvalidArgument(page.status())) << page.status();
    EXPECT_TRUE(absl::StrContains(page.status().message(), word))
        << page.status();
  }

  std::string path_;
};

HttpRequest Get(const std::string& target) {
  HttpRequest request;
  request.method = HttpMethod::kGet;
  request.target = target;
  return request;
}

std::string Header(const HttpResponse& response, const std::string& name) {
  for (const auto& [one, value] : response.headers) {
    if (one == name) return value;
  }
  return "";
}

TEST_F(PageFolderTest, ServesFilesWithTheirMediaTypes) {
  Folder("words");
  const struct {
    const char* name;
    const char* type;
  } files[] = {{"app.js", "text/javascript; charset=utf-8"},
               {"style.css", "text/css; charset=utf-8"},
               {"vidimus.wasm", "application/wasm"},
               {"config.json", "application/json"},
               {"icon.svg", "image/svg+xml"},
               {"words/sv.mjs", "text/javascript; charset=utf-8"},
               {"font.woff2", "font/woff2"},
               {"LICENSE", "application/octet-stream"}};
  for (const auto& file : files) Write(file.name, file.name);
  const auto page = Read();
  ASSERT_TRUE(page.ok()) << page.status();
  for (const auto& file : files) {
    ASSERT_TRUE((*page)->Has(absl::StrCat("/", file.name))) << file.name;
    const HttpResponse response =
        (*page)->Answer(Get(absl::StrCat("/", file.name, "?x=1")));
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.content_type, file.type);
    EXPECT_EQ(response.body(), file.name);
  }
}

TEST_F(PageFolderTest, IndexHtmlIsTheRoot) {
  const auto page = Read();
  ASSERT_TRUE(page.ok()) << page.status();
  const HttpResponse root = (*page)->Answer(Get("/?sign-in=failed"));
  EXPECT_EQ(root.status, 200);
  EXPECT_EQ(root.content_type, "text/html; charset=utf-8");
  EXPECT_EQ(root.body(), (*page)->Answer(Get("/index.html")).body());
}

TEST_F(PageFolderTest, SaysWhatAPageCantSayOfItself) {
  const auto page = Read();
  ASSERT_TRUE(page.ok()) << page.status();
  const HttpResponse root = (*page)->Answer(Get("/"));
  EXPECT_EQ(Header(root, "Content-Security-Policy"), "frame-ancestors 'none'");
  EXPECT_EQ(Header(root, "X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(Header(root, "Referrer-Policy"), "no-referrer");
  EXPECT_EQ(Header(root, "Cross-Origin-Opener-Policy"), "same-origin");
  EXPECT_EQ(Header(root, "Cache-Control"), "no-cache");
  EXPECT_EQ(Header(root, "Access-Control-Allow-Origin"), "");
}

TEST_F(PageFolderTest, OtherSpellingsAreNoFiles) {
  Folder("words");
  Write("words/en.js", "x");
  const auto page = Read();
  ASSERT_TRUE(page.ok()) << page.status();
  for (const char* path :
       {"", "//", "/words", "/words/", "/words//en.js", "/./index.html",
        "/words/../index.html", "/../index.html", "/%69ndex.html",
        "/words%2Fen.js", "/words\\en.js", "/INDEX.HTML", "/index.html/", "/..",
        "/%2e%2e/etc/passwd", "/etc/passwd", "index.html"}) {
    EXPECT_FALSE((*page)->Has(path)) << path;
  }
}

TEST_F(PageFolderTest, WhatBeginsWithADotIsNotThere) {
  Folder(".git");
  Write(".git/config", "secret");
  Write(".htpasswd", "secret");
  const auto page = Read();
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_FALSE((*page)->Has("/.git/config"));
  EXPECT_FALSE((*page)->Has("/.htpasswd"));
}

TEST_F(PageFolderTest, RefusesLinks) {
  ASSERT_EQ(symlink("/etc/passwd", At("passwd").c_str()), 0);
  Refuses("/passwd is a link");
}

TEST_F(PageFolderTest, RefusesLinksToFoldersAndWithin) {
  Folder("a");
  ASSERT_EQ(symlink("/etc", At("a/b").c_str()), 0);
  Refuses("/a/b is a link");
}

TEST_F(PageFolderTest, RefusesWhatIsNoFile) {
  ASSERT_EQ(mkfifo(At("pipe").c_str(), 0644), 0);
  Refuses("/pipe is neither a file nor a folder");
}

TEST_F(PageFolderTest, RefusesNamesThatWouldHaveToBeEncoded) {
  Write("a b.html", "x");
  Refuses("other characters");
}

TEST_F(PageFolderTest, RefusesNamesOfWhatTheLogServes) {
  for (const char* name :
       {"tile", "checkpoint", "index", "register", "v1", "cosigned", "add",
        "sign-in", "session", "metrics", "operator", "helsinki"}) {
    Write(name, "x");
    Refuses(absl::StrCat("/", name, " stands where this server serves"));
    ASSERT_EQ(unlink(At(name).c_str()), 0);
  }
  // Below its root it may be called so.
  Folder("words");
  Write("words/tile", "x");
  EXPECT_TRUE(Read().ok());
}

TEST_F(PageFolderTest, RefusesAFolderWithoutIndex) {
  ASSERT_EQ(unlink(At("index.html").c_str()), 0);
  Refuses("no index.html");
  EXPECT_TRUE(absl::IsNotFound(PageFolder::Read(path_ + "/none", {}).status()));
}

TEST_F(PageFolderTest, RefusesWhatIsBeyondTheLimits) {
  Write("a.txt", std::string(100, 'a'));
  Folder("b");
  Write("b/c.txt", "c");
  PageLimits limits;
  limits.files_max = 3;
  EXPECT_TRUE(Read(limits).ok());
  limits.files_max = 2;
  EXPECT_FALSE(Read(limits).ok());
  limits = {};
  limits.file_bytes_max = 100;
  EXPECT_TRUE(Read(limits).ok());
  limits.file_bytes_max = 99;
  EXPECT_FALSE(Read(limits).ok());
  limits = {};
  limits.bytes_max = 120;
  EXPECT_FALSE(Read(limits).ok());
  limits = {};
  limits.depth_max = 1;
  EXPECT_TRUE(Read(limits).ok());
  limits.depth_max = 0;
  EXPECT_FALSE(Read(limits).ok());
}

TEST_F(PageFolderTest, CompressesWhatShrinksForWhoTakesIt) {
  const std::string text(10000, 'x');
  Write("large.css", text);
  const auto page = Read();
  ASSERT_TRUE(page.ok()) << page.status();
  HttpRequest request = Get("/large.css");
  const HttpResponse plain = (*page)->Answer(request);
  EXPECT_EQ(plain.body(), text);
  EXPECT_EQ(Header(plain, "Content-Encoding"), "");
  EXPECT_EQ(Header(plain, "Vary"), "Accept-Encoding");
  request.AddHeader("Accept-Encoding", "gzip, br");
  const HttpResponse zipped = (*page)->Answer(request);
  EXPECT_EQ(Header(zipped, "Content-Encoding"), "gzip");
  EXPECT_EQ(*Gunzip(zipped.body(), 20000), text);
  EXPECT_NE(Header(zipped, "ETag"), Header(plain, "ETag"));
}

TEST_F(PageFolderTest, AnswersWhoHasThisVersionAlready) {
  const auto page = Read();
  ASSERT_TRUE(page.ok()) << page.status();
  const std::string tag = Header((*page)->Answer(Get("/")), "ETag");
  for (const std::string& known :
       {tag, "W/" + tag, absl::StrCat("\"x\", ", tag), std::string("*")}) {
    HttpRequest request = Get("/");
    request.AddHeader("If-None-Match", known);
    const HttpResponse response = (*page)->Answer(request);
    EXPECT_EQ(response.status, 304) << known;
    EXPECT_EQ(response.body(), "");
    EXPECT_EQ(Header(response, "ETag"), tag);
    EXPECT_EQ(Header(response, "Cache-Control"), "no-cache");
  }
  HttpRequest request = Get("/");
  request.AddHeader("If-None-Match", "\"another\"");
  EXPECT_EQ((*page)->Answer(request).status, 200);
}

TEST_F(PageFolderTest, TakesGetAndHeadAlone) {
  const auto page = Read();
  ASSERT_TRUE(page.ok()) << page.status();
  HttpRequest request = Get("/");
  request.method = HttpMethod::kHead;
  EXPECT_EQ((*page)->Answer(request).status, 200);
  request.method = HttpMethod::kPost;
  EXPECT_EQ((*page)->Answer(request).status, 405);
}

}  // namespace
}  // namespace vidimus
