// Randomness for salts, ids and back-off, from the operating system.
#ifndef VIDIMUS_CLIENT_RANDOM_H_
#define VIDIMUS_CLIENT_RANDOM_H_

#include <cstddef>
#include <cstdint>
#include <string>

namespace vidimus {

// `size` bytes that nobody can guess. Any thread. Draws 4 KiB at a time, so
// that a salt costs a copy and not a system call.
std::string RandomBytes(size_t size);

// A number below `bound`, evenly but for a bias below 2^-32. `bound` is not 0
// (CHECK).
uint64_t RandomBelow(uint64_t bound);

}  // namespace vidimus

#endif  // VIDIMUS_CLIENT_RANDOM_H_
