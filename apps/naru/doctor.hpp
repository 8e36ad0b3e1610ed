#pragma once

#include <string>

namespace naru::app {

struct DoctorArguments {
  std::string url;
  std::string protocol;  // ws, socketio, sse; empty: guessed from the URL
  std::string origin;    // of the page that connects; empty: the server's own
  std::string path = "/socket.io/";
  std::string ca_file;
  unsigned wait = 65;  // seconds that a silent connection is watched for
};

// Looks at a server, through whatever stands in front of it, and says what is wrong and how to mend
// it. 0: nothing; 1: something. Throws std::invalid_argument for a wrong call.
int doctor(const DoctorArguments& arguments);

}  // namespace naru::app
