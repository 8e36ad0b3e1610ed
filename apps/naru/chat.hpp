#pragma once

#include "naru/socketio.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace naru::app {

// The chat of the gallery: rooms with members, history, who is typing, images as binary, and a
// notice to the author when somebody has shown a message. Its events are listed in web/README.md.
class Chat {
 public:
  explicit Chat(Namespace& nsp);

  struct Member {
    std::string id;
    std::string name;
  };
  struct Image {
    std::string type;
    std::string name;
    Bytes data;
  };
  struct ChatMessage {
    std::string id;
    Member from;
    std::int64_t at = 0;  // ms since 1970
    std::string text;
    std::optional<Image> image;
  };
  struct Welcome {
    std::string id;
    std::string name;
    std::string room;
    std::vector<Member> members;
    std::vector<ChatMessage> history;
  };

 private:
  struct Room {
    std::vector<Member> members;
    std::deque<ChatMessage> history;
    std::size_t bytes = 0;  // of the images in it
  };

  void on_say(Socket& socket, const std::string& text, const Ack& ack);
  void on_image(Socket& socket, const Json& about, Bytes data, const Ack& ack);
  void on_got(Socket& socket, const std::string& message_id);
  void on_move(Socket& socket, const std::string& room, const Ack& ack);

  Welcome enter(Socket& socket, const std::string& room);
  void leave(Socket& socket);
  void publish(Socket& socket, ChatMessage message, const Ack& ack);
  void remember(Room& room, const ChatMessage& message);
  void forget_an_empty_room();

  Namespace& nsp_;
  std::mutex mutex_;  // sockets of every loop meet in a room
  std::map<std::string, Room> rooms_;
  std::uint64_t next_message_ = 1;
};

}  // namespace naru::app
