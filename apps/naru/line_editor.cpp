#include "line_editor.hpp"

#include "shown.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <cwchar>
#include <cwctype>
#include <filesystem>
#include <histedit.h>
#include <langinfo.h>
#include <mutex>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <system_error>
#include <unistd.h>

namespace naru::app {
namespace {

constexpr int kHistoryLines = 1000;
constexpr std::string_view kPrompt = "> ";

// Empty: there is no place for it.
std::string history_file() {
  namespace fs = std::filesystem;
  const char* state = std::getenv("XDG_STATE_HOME");
  const char* home = std::getenv("HOME");
  fs::path directory;
  if (state != nullptr && *state == '/') {
    directory = state;
  } else if (home != nullptr && *home == '/') {
    directory = fs::path(home) / ".local/state";
  } else {
    return {};
  }
  directory /= "naru";
  std::error_code failed;
  fs::create_directories(directory, failed);
  return failed ? std::string() : (directory / "history").string();
}

std::size_t terminal_columns() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

// As libedit shows it: ^C for a control character, \U+12345 for what has no shape.
std::size_t columns_of(wchar_t character) {
  const auto each = static_cast<wint_t>(character);
  if (std::iswprint(each) != 0) {
    return static_cast<std::size_t>(std::max(::wcwidth(character), 0));
  }
  return std::iswcntrl(each) != 0 ? 2 : 8;
}

}  // namespace

struct LineEditor::State {
  // Held by whoever uses libedit or the screen; let go only while a key is waited for.
  std::mutex screen;
  bool typing = false;  // a key is waited for: there is a line to save
  const int either = ::epoll_create1(EPOLL_CLOEXEC);  // a key, or woken
  EditLine* editor = nullptr;
  History* history = nullptr;
  std::string file = history_file();
  std::size_t columns = terminal_columns();
  KnownNames names;

  explicit State(int wake) {
    for (const int each : {STDIN_FILENO, wake}) {
      epoll_event wanted{.events = EPOLLIN, .data = {.fd = each}};
      ::epoll_ctl(either, EPOLL_CTL_ADD, each, &wanted);
    }
    // libedit wants to know which bytes are one character.
    std::setlocale(LC_CTYPE, "");
    if (std::string_view(::nl_langinfo(CODESET)) != "UTF-8") std::setlocale(LC_CTYPE, "C.UTF-8");
    HistEvent event{};
    history = ::history_init();
    ::history(history, &event, H_SETSIZE, kHistoryLines);
    ::history(history, &event, H_SETUNIQUE, 1);
    if (!file.empty()) ::history(history, &event, H_LOAD, file.c_str());
    editor = ::el_init("naru", stdin, stdout, stderr);
    ::el_set(editor, EL_CLIENTDATA, this);
    ::el_set(editor, EL_PROMPT, &State::prompt);
    ::el_set(editor, EL_EDITOR, "emacs");
    ::el_set(editor, EL_HIST, ::history, history);
    ::el_wset(editor, EL_GETCFN, &State::on_key_wanted);
    // Wide: el_set() would copy the names and lose the copies.
    ::el_wset(editor, EL_ADDFN, L"naru-complete", L"Complete a name", &State::on_tab);
    bind("\t", "naru-complete");
    bind("^R", "em-inc-search-prev");
    bind("\\e[3~", "ed-delete-next-char");
    bind("\\e[1;5C", "em-next-word");
    bind("\\e[1;5D", "ed-prev-word");
    ::el_source(editor, nullptr);  // ~/.editrc: who wants vi has it
  }
  ~State() {
    ::el_end(editor);
    ::history_end(history);
    ::close(either);
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  void bind(const char* key, const char* what) { ::el_set(editor, EL_BIND, key, what, nullptr); }

  // As with shells: what begins with a space is not kept. The file is its owner's alone.
  void keep(const std::string& line) {
    if (line.empty() || line.front() == ' ') return;
    HistEvent event{};
    ::history(history, &event, H_ENTER, line.c_str());
    if (!file.empty()) ::history(history, &event, H_SAVE, file.c_str());
  }

  static State& of(EditLine* editor) {
    void* self = nullptr;
    ::el_get(editor, EL_CLIENTDATA, &self);
    return *static_cast<State*>(self);
  }
  static char* prompt(EditLine*) {
    static std::array<char, kPrompt.size() + 1> text{};
    std::copy(kPrompt.begin(), kPrompt.end(), text.begin());
    return text.data();
  }

  // libedit's reader: the one place where this thread rests. 1: a character; 0: the end.
  static int on_key_wanted(EditLine* editor, wchar_t* key) { return of(editor).next_key(*key); }
  int next_key(wchar_t& key) {
    std::mbstate_t partial{};
    for (;;) {
      char byte = 0;
      if (!wait_for_key() || ::read(STDIN_FILENO, &byte, 1) != 1) return 0;
      const std::size_t used = std::mbrtowc(&key, &byte, 1, &partial);
      if (used == static_cast<std::size_t>(-2)) continue;  // the beginning of a character
      if (used != static_cast<std::size_t>(-1)) return 1;
      partial = {};  // no UTF-8: passed over
    }
  }
  bool wait_for_key() {
    for (;;) {
      typing = true;
      screen.unlock();
      epoll_event ready{};
      const int count = ::epoll_wait(either, &ready, 1, -1);
      const bool stopped = count < 0 && errno == EINTR;
      screen.lock();
      typing = false;
      follow_size();
      if (!stopped) return count == 1 && ready.data.fd == STDIN_FILENO;
      take_terminal_again();
    }
  }
  // After Ctrl-Z and fg, which interrupts epoll_wait without any handler (signal(7)).
  void take_terminal_again() {
    ::el_set(editor, EL_PREP_TERM, 0);
    ::el_set(editor, EL_PREP_TERM, 1);
    ::el_set(editor, EL_REFRESH);
    std::fflush(stdout);
  }
  void follow_size() {
    const std::size_t now = terminal_columns();
    if (now == columns) return;
    columns = now;
    ::el_resize(editor);
  }

  // The rows between the first one of the line that is typed and the cursor.
  std::size_t rows_above_cursor() const {
    const LineInfoW* line = ::el_wline(editor);
    std::size_t row = 0;
    std::size_t column = kPrompt.size();
    for (const wchar_t* each = line->buffer; each != line->cursor; ++each) {
      const std::size_t width = columns_of(*each);
      if (column + width > columns) {  // a wide one that does not fit goes to the next row
        ++row;
        column = 0;
      }
      column += width;
      if (column >= columns) {
        ++row;
        column -= columns;
      }
    }
    return row;
  }

  void print_above(std::string_view text) {
    if (typing) {
      follow_size();
      const std::size_t rows = rows_above_cursor();
      std::fputs("\r", stdout);
      if (rows > 0) std::printf("\x1b[%zuA", rows);
      std::fputs("\x1b[J", stdout);
    }
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fputs("\n", stdout);
    if (typing) ::el_set(editor, EL_REFRESH);
    std::fflush(stdout);
  }

  static unsigned char on_tab(EditLine* editor, int) { return of(editor).complete(); }
  unsigned char complete() {
    const LineInfo* line = ::el_line(editor);
    const std::string_view before(line->buffer,
                                  static_cast<std::size_t>(line->cursor - line->buffer));
    if (before.find(' ') != std::string_view::npos) return CC_ERROR;  // an argument: beeps
    const KnownNames::Match match = names.complete(before);
    if (match.names.empty()) return CC_ERROR;
    if (!match.rest.empty()) {
      ::el_insertstr(editor, match.rest.c_str());
      return CC_REFRESH;
    }
    std::string all;
    for (const std::string& name : match.names) all += (all.empty() ? "" : "  ") + name;
    typing = true;
    print_above(all);
    typing = false;
    return CC_NORM;
  }
};

void KnownNames::learn(std::string_view name) {
  if (name.empty() || name.size() > kNameBytes || names_.size() >= kNames) return;
  if (name.find(' ') != std::string_view::npos || one_line(name) != name) return;
  names_.emplace(name);
}

KnownNames::Match KnownNames::complete(std::string_view prefix) const {
  Match match;
  for (auto each = names_.lower_bound(std::string(prefix)); each != names_.end(); ++each) {
    if (!each->starts_with(prefix)) break;
    match.names.insert(*each);
  }
  if (match.names.empty()) return match;
  const std::string& first = *match.names.begin();
  const std::string& last = *match.names.rbegin();
  auto same = std::mismatch(first.begin(), first.end(), last.begin(), last.end()).first;
  // Not within a character of UTF-8.
  while (same != first.end() && (static_cast<unsigned char>(*same) & 0xc0U) == 0x80U) --same;
  const auto known = first.begin() + static_cast<std::ptrdiff_t>(prefix.size());
  if (same > known) match.rest.assign(known, same);
  if (match.names.size() == 1) match.rest += ' ';
  return match;
}

bool LineEditor::usable() {
  const char* kind = std::getenv("TERM");
  return ::isatty(STDIN_FILENO) != 0 && ::isatty(STDOUT_FILENO) != 0 && kind != nullptr &&
         *kind != '\0' && std::string_view(kind) != "dumb";
}

LineEditor::LineEditor(int wake) : state_(std::make_unique<State>(wake)) {}

LineEditor::~LineEditor() = default;

std::optional<std::string> LineEditor::read() {
  const std::lock_guard<std::mutex> lock(state_->screen);
  int size = 0;
  const char* typed = ::el_gets(state_->editor, &size);
  if (typed == nullptr || size <= 0) {
    std::fputs("\n", stdout);
    std::fflush(stdout);
    return std::nullopt;
  }
  std::string line(typed, static_cast<std::size_t>(size));
  while (line.ends_with('\n') || line.ends_with('\r')) line.pop_back();
  state_->keep(line);
  return line;
}

void LineEditor::print(std::string_view line) {
  const std::lock_guard<std::mutex> lock(state_->screen);
  state_->print_above(line);
}

void LineEditor::learn(std::string_view name) {
  const std::lock_guard<std::mutex> lock(state_->screen);
  state_->names.learn(name);
}

}  // namespace naru::app
