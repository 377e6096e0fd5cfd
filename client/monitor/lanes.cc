#include "client/monitor/lanes.h"

#include <utility>

namespace vidimus {

Lanes::Lanes(const std::vector<std::string>& names, size_t waiting_max)
    : waiting_max_(waiting_max) {
  for (const std::string& name : names) {
    auto& lane = lanes_[name];
    if (lane != nullptr) continue;
    lane = std::make_unique<Lane>();
    lane->thread = std::thread([one = lane.get()] { Serve(one); });
  }
}

Lanes::~Lanes() { Stop(); }

bool Lanes::Run(const std::string& name, std::function<void()> work) {
  const auto found = lanes_.find(name);
  if (found == lanes_.end()) return false;
  Lane& lane = *found->second;
  MutexLock lock(&lane.mu);
  if (lane.stopping || lane.waiting.size() >= waiting_max_) return false;
  lane.waiting.push_back(std::move(work));
  lane.changed.Signal();
  return true;
}

void Lanes::Stop() {
  for (auto& each : lanes_) {
    Lane& lane = *each.second;
    std::deque<std::function<void()>> dropped;
    MutexLock lock(&lane.mu);
    lane.stopping = true;
    lane.waiting.swap(dropped);
    lane.changed.SignalAll();
  }
  for (auto& each : lanes_) {
    if (each.second->thread.joinable()) each.second->thread.join();
  }
}

void Lanes::Serve(Lane* lane) {
  while (true) {
    std::function<void()> work;
    {
      MutexLock lock(&lane->mu);
      while (!lane->stopping && lane->waiting.empty()) {
        lane->changed.Wait(&lane->mu);
      }
      if (lane->stopping) return;
      work = std::move(lane->waiting.front());
      lane->waiting.pop_front();
    }
    work();
  }
}

}  // namespace vidimus
