#pragma once

#include "naru/server.hpp"

// The server that the tests of socket.io-client 4 and 2.5 expect.
void socketio_client(naru::Server& server);
