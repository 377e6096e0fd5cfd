#include "verifier/label.h"

#include <cstring>

#include "verifier/crypto.h"
#include "verifier/encoding.h"
#include "verifier/vrf.h"

namespace vidimus {
namespace {

constexpr size_t kOriginBytesMax = 255;
constexpr size_t kSubjectBytesMax = 65535;
constexpr char kLabelDomain = 4;

}  // namespace

Finding ChainAlpha(const ChainName& chain, std::string* alpha) {
  if (chain.origin.empty() || chain.origin.size() > kOriginBytesMax ||
      chain.subject.empty() || chain.subject.size() > kSubjectBytesMax) {
    return Finding::kChainNameSize;
  }
  alpha->clear();
  alpha->reserve(7 + chain.origin.size() + chain.subject.size());
  alpha->push_back(static_cast<char>(chain.origin.size()));
  *alpha += chain.origin;
  AppendBe32(chain.administration, alpha);
  AppendBe16(static_cast<uint16_t>(chain.subject.size()), alpha);
  *alpha += chain.subject;
  return Finding::kOk;
}

Finding VerifyChainKey(std::string_view label_key, const ChainName& chain,
                       std::string_view proof, Hash* key) {
  std::string alpha;
  RETURN_IF_FOUND(ChainAlpha(chain, &alpha));
  VrfOutput beta;
  RETURN_IF_FOUND(VerifyVrf(label_key, alpha, proof, &beta));
  std::memcpy(key->data(), beta.data(), key->size());
  return Finding::kOk;
}

Hash ChainLabel(const Hash& key, uint64_t i) {
  std::string message(1, kLabelDomain);
  AppendBe64(i, &message);
  return HmacSha256(Bytes(key), {message});
}

}  // namespace vidimus
