#include "log/labels.h"

namespace vidimus {

ChainLabel RandomLabels::Next(std::string_view, uint32_t) {
  return {*HashFromBytes(random_->Draw(sizeof(Hash))), 0};
}

}  // namespace vidimus
