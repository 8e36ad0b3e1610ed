#pragma once

#include "options.hpp"
#include "poller.hpp"
#include "window.hpp"

namespace naru::load {

// Each opens its connections, runs until its window is over and closes them.
Report run_echo(const Options& options, Poller& poller);
Report run_broadcast(const Options& options, Poller& poller);
Report run_polling_echo(const Options& options, Poller& poller);
Report run_chaos(const Options& options, Poller& poller);
Report run_connect(const Options& options, Poller& poller);

// Prints the report once all are open, then holds them until standard input ends.
void run_idle(const Options& options, Poller& poller);

}  // namespace naru::load
