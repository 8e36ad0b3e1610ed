#pragma once

#include "board.hpp"
#include "naru/socketio.hpp"

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace naru::app {

struct WhiteboardLimits {
  BoardLimits board{};
  std::size_t boards = 200;  // then one that nobody is at goes; or nobody new comes in
};

// The whiteboard of the gallery: strokes that everybody sees while they are drawn, and everybody's
// cursor. Strokes are sent in parts, as binary; what was drawn while somebody was away is caught up
// with by offset (Board). Cursors are droppable: who is slow sees a later one.
class Whiteboard {
 public:
  explicit Whiteboard(Namespace& nsp, const WhiteboardLimits& limits = {});

  struct Member {
    std::uint32_t seat = 0;    // one socket
    std::uint32_t author = 0;  // one browser tab, through its reconnects
    std::string name;
  };
  struct Welcome {
    Member me;
    std::string board;
    std::vector<Member> members;
    std::uint32_t epoch = 0;
    std::uint32_t offset = 0;
    std::uint32_t floor = 0;
    Bytes orders;
    Bytes strokes;
  };

 private:
  // Who may undo a stroke: whoever shows the key again that its author came with. Kept as long as
  // somebody is at the board.
  struct Author {
    std::string key;
    std::uint32_t number = 0;
  };
  struct Sheet {
    Sheet(const BoardLimits& limits, std::uint32_t its_epoch) : board(limits), epoch(its_epoch) {}
    Board board;
    std::uint32_t epoch;
    std::vector<Member> members;
    std::vector<Author> authors;
    std::uint32_t next = 1;  // seats and authors
  };

  void enter(Socket& socket);
  void leave(Socket& socket);
  void on_draw(Socket& socket, BytesView part);
  void on_undo(Socket& socket, std::uint32_t number);
  void on_clear(Socket& socket);
  Sheet* sheet_for(const std::string& name);
  std::uint32_t author_of(Sheet& sheet, const std::string& key) const;

  Namespace& nsp_;
  WhiteboardLimits limits_;
  std::mutex mutex_;  // sockets of every loop meet at a board
  std::map<std::string, Sheet> sheets_;
  std::uint32_t next_epoch_;
};

}  // namespace naru::app
