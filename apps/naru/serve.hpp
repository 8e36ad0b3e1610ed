#pragma once

#include "config.hpp"

namespace naru::app {

// `naru serve`: the gallery and its demos. Returns the exit status.
int serve(const ServeConfig& config);

}  // namespace naru::app
