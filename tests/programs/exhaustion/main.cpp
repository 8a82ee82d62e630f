// SPDX-License-Identifier: MIT
// Memory, descriptors and threads until there are no more: each call says so with its errno, what there was stays as it was, the program
// goes on, and when all is given back as much is free as before.
#include "tests/programs/lib/exhaust.h"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <new>
#include <pthread.h>
#include <semaphore.h>
#include <string>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <system_error>
#include <thread>
#include <unistd.h>

namespace {

void* nothing(void* argument) { return argument; }

bool throws_bad_alloc() {
    try {
        std::string text(64 * 1024, 'x');
        return text.empty();
    } catch (const std::bad_alloc&) { return true; }
}
/// For want of the thread, or of what belongs to it.
bool no_thread_starts() {
    try {
        std::thread([] {}).join();
    } catch (const std::system_error& error) { return error.code().value() == EAGAIN; } catch (const std::bad_alloc&) {
        return true;
    }
    return false;
}

/// Whatever needs memory says that there is none.
void heap() {
    char* block = static_cast<char*>(malloc(100));
    strcpy(block, "as it was");
    const int reader = open("/tmp/kept", O_RDONLY);
    bool good = true;
    {
        FullHeap full;
        good = full.told() && free_pages() < 16;
        good = good && fails_with(ENOMEM, [] { return calloc(100, 100) == nullptr; });
        good = good && fails_with(ENOMEM, [=] { return realloc(block, 20000) == nullptr; }) &&
               strcmp(block, "as it was") == 0;
        good = good && fails_with(ENOMEM, [] { return aligned_alloc(4096, 4096) == nullptr; });
        void* aligned = &full;
        good = good && posix_memalign(&aligned, 4096, 4096) == ENOMEM && aligned == &full;
        good = good && throws_bad_alloc() && new (std::nothrow) char[70000] == nullptr;
        check("the heap is full, and says so", good);

        good = fails_with(ENOMEM, [] { return mmap(nullptr, 16 * page, both, anonymous, -1, 0) == MAP_FAILED; });
        pthread_t thread;
        good = good && pthread_create(&thread, nullptr, nothing, nullptr) == EAGAIN && no_thread_starts();
        check("nor are there mappings or threads", good);

        int ends[2];
        good = fails_with(ENFILE, [&] { return pipe(ends) == -1; });
        good = good && fails_with(ENOSPC, [] { return open("/tmp/new", O_CREAT | O_RDWR, 0600) == -1; });
        good = good && fails_with(ENOENT, [] { return access("/tmp/new", F_OK) == -1; });
        good = good && fails_with(ENOSPC, [] { return mkdir("/tmp/folder", 0700) == -1; });
        good = good && fails_with(ENOSPC, [] { return symlink("kept", "/tmp/link") == -1; });
        good = good && fails_with(ENOSPC, [] { return rename("/tmp/kept", "/tmp/a-name-of-more-letters") == -1; });
        check("nor files and pipes", good && access("/tmp/kept", F_OK) == 0);

        good = fails_with(ENOMEM, [] { return fopen("/tmp/kept", "r") == nullptr; }) || errno == ENOSPC;
        good = good && fails_with(ENOMEM, [] {
                   return strdup("a string of some letters, so that no small block is left for it") == nullptr;
               });
        good = good && fails_with(ENOMEM, [] {
                   return setenv("EXHAUSTED", "a value of some letters, so that none is left", 1) == -1;
               });
        good = good && fails_with(ENOMEM, [] { return sem_open("/new", O_CREAT, 0600, 1) == SEM_FAILED; });
        check("nor streams, strings, variables, semaphores", good);

        char bytes[8] = "";
        good = pread(reader, bytes, 4, 0) == 4 && strcmp(bytes, "kept") == 0 && raise(SIGUSR1) == 0;
        good = good && usleep(1000) == 0 && snprintf(bytes, sizeof bytes, "%d", 77) == 2;
        check("and what needs none works", good);
    }
    free(block);
    close(reader);
}

/// Pages to the last one, every other one protected otherwise, so that the list of regions must grow when there is nothing left to grow with.
void mappings() {
    constexpr int most = 3000;
    static struct {
        char* bytes;
        std::size_t size;
    } pieces[most];
    int count = 0;
    bool good = true;
    for (std::size_t size = megabyte; size >= page; size /= 2) {
        for (; count < most; ++count) {
            errno = 0;
            void* mapped = mmap(nullptr, size, both, anonymous, -1, 0);
            if (mapped == MAP_FAILED) break;
            pieces[count] = {static_cast<char*>(mapped), size};
            for (std::size_t at = 0; at < size; at += page) pieces[count].bytes[at] = 7;
            for (std::size_t at = page; at < size; at += 2 * page)
                if (mprotect(pieces[count].bytes + at, page, PROT_READ) != 0) good = good && errno == ENOMEM;
        }
        good = good && errno == ENOMEM;
    }
    check("pages until there are none", good && count < most && free_pages() < 64);
    for (int i = 0; i < count; ++i)
        for (std::size_t at = 0; at < pieces[i].size; at += page) good = good && pieces[i].bytes[at] == 7;
    check("hold what was written", good);
    for (int i = 0; i < count; ++i) good = munmap(pieces[i].bytes, pieces[i].size) == 0 && good;
    check("and go", good);
}

// --- threads ----------------------------------------------------------------------------------------------------------

pthread_mutex_t gate_lock = PTHREAD_MUTEX_INITIALIZER;
pthread_cond_t gate = PTHREAD_COND_INITIALIZER;
bool gate_is_open;
int passed;

void* wait_at_gate(void* argument) {
    pthread_mutex_lock(&gate_lock);
    while (!gate_is_open) pthread_cond_wait(&gate, &gate_lock);
    ++passed;
    pthread_mutex_unlock(&gate_lock);
    return argument;
}

void threads() {
    constexpr int most = 1000;
    static pthread_t all[most];
    int count = 0, error = 0;
    gate_is_open = false;
    passed = 0;
    while (count < most && (error = pthread_create(&all[count], nullptr, wait_at_gate, &all[count])) == 0) ++count;
    printf("(%d threads, then errno %d)\n", count, error);
    check("threads until there are no more", count > 50 && count < most && error == EAGAIN);
    sched_yield();
    pthread_mutex_lock(&gate_lock);
    gate_is_open = true;
    pthread_cond_broadcast(&gate);
    pthread_mutex_unlock(&gate_lock);
    bool good = true;
    for (int i = 0; i < count; ++i) {
        void* result = nullptr;
        good = pthread_join(all[i], &result) == 0 && result == &all[i] && good;
    }
    check("all of them run, and end", good && passed == count);
    for (int i = 0; i < 4; ++i) sched_yield(); // the last ones' stacks go when another thread runs
}

// --- descriptors ------------------------------------------------------------------------------------------------------

/// Makes pairs of descriptors until that fails: with which errno, and whether all of them carry bytes.
template <class Make> int pairs_until_refused(Make make, bool& good) {
    constexpr int most = 1024;
    static int ends[most][2];
    int count = 0;
    errno = 0;
    while (count < most && make(ends[count]) == 0) ++count;
    const int error = errno;
    printf("(%d pairs, then errno %d)\n", count, error);
    good = count > 0 && count < most;
    for (int i = 0; i < count; ++i) {
        char byte = 0;
        const char sent = static_cast<char>(i);
        good = good && write(ends[i][1], &sent, 1) == 1 && read(ends[i][0], &byte, 1) == 1 && byte == sent;
    }
    for (int i = 0; i < count; ++i) good = close(ends[i][0]) == 0 && close(ends[i][1]) == 0 && good;
    return error;
}

void descriptors() {
    bool good = true;
    CHECK(pairs_until_refused([](int* ends) { return pipe(ends); }, good) == EMFILE && good);
    int first = -1, last = -1, copy;
    while ((copy = dup(1)) >= 0) {
        if (first < 0) first = copy;
        last = copy;
    }
    CHECK(errno == EMFILE && last == getdtablesize() - 1);
    good = fails_with(EMFILE, [] { return open("/tmp/kept", O_RDONLY) == -1; });
    good = good && fails_with(EMFILE, [] { return open("/tmp/never", O_CREAT | O_WRONLY, 0600) == -1; });
    good = good && fails_with(ENOENT, [] { return access("/tmp/never", F_OK) == -1; });
    good = good && fails_with(EMFILE, [] { return open("/tmp/kept", O_WRONLY | O_TRUNC) == -1; });
    struct stat status;
    good = good && stat("/tmp/kept", &status) == 0 && status.st_size == 4;
    good = good && fails_with(EMFILE, [] { return opendir("/tmp") == nullptr; });
    good = good && fails_with(EMFILE, [] { return fopen("/tmp/kept", "r") == nullptr; });
    int ends[2] = {77, 78};
    good = good && fails_with(EMFILE, [&] { return pipe(ends) == -1; }) && ends[0] == 77 && ends[1] == 78;
    check("without a descriptor nothing is opened, made or cut", good);
    while (last >= first) close(last--);

    const FullHeap full(300'000);
    CHECK(pairs_until_refused([](int* ends) { return pipe(ends); }, good) == ENFILE && good);
    CHECK(pairs_until_refused([](int* ends) { return socketpair(AF_UNIX, SOCK_STREAM, 0, ends); }, good) == ENOMEM &&
          good);
}

// --- files ------------------------------------------------------------------------------------------------------------

char pattern(std::size_t at) { return static_cast<char>(at * 31 + at / 4096 + 1); }

void a_large_file() {
    const int file = open("/tmp/large", O_RDWR | O_CREAT, 0600);
    static char buffer[48 * 1024];
    std::size_t size = 0;
    ssize_t written;
    bool partly = false;
    for (;;) {
        for (std::size_t i = 0; i < sizeof buffer; ++i) buffer[i] = pattern(size + i);
        errno = 0;
        written = write(file, buffer, sizeof buffer);
        if (written <= 0) break;
        partly = partly || written < static_cast<ssize_t>(sizeof buffer);
        size += static_cast<std::size_t>(written);
    }
    printf("(%zu bytes, then errno %d)\n", size, errno);
    check("a file until memory is full", written == -1 && errno == ENOSPC && size > 8 * megabyte);
    check("the last write took what there was room for", partly && free_pages() < 8);
    struct stat status;
    CHECK(fstat(file, &status) == 0 && status.st_size == static_cast<off_t>(size));
    bool good = fails_with(ENOSPC, [=] { return ftruncate(file, static_cast<off_t>(size + megabyte)) == -1; });
    good = good && posix_fallocate(file, static_cast<off_t>(size), megabyte) == ENOSPC;
    CHECK(good && fstat(file, &status) == 0 && status.st_size == static_cast<off_t>(size));
    good = lseek(file, 0, SEEK_SET) == 0;
    for (std::size_t at = 0; good && at < size;) {
        const ssize_t got = read(file, buffer, sizeof buffer);
        good = got > 0;
        for (ssize_t i = 0; i < got; ++i) good = good && buffer[i] == pattern(at + static_cast<std::size_t>(i));
        at += static_cast<std::size_t>(got);
    }
    check("holds what was written", good);
    // Room again, by making it shorter.
    CHECK(ftruncate(file, megabyte) == 0 && lseek(file, 0, SEEK_END) == megabyte &&
          write(file, buffer, sizeof buffer) == sizeof buffer);
    CHECK(close(file) == 0 && unlink("/tmp/large") == 0);
}

/// Entries of a directory, until there is no memory for another; each with a few bytes.
void many_files() {
    CHECK(mkdir("/tmp/many", 0700) == 0);
    int count = 0;
    bool good = true;
    {
        const FullHeap full(300'000);
        char name[64];
        for (;; ++count) {
            snprintf(name, sizeof name, "/tmp/many/file-%d", count);
            const int file = open(name, O_CREAT | O_EXCL | O_WRONLY, 0600);
            if (file < 0) break;
            errno = 0;
            const ssize_t written = write(file, name, strlen(name));
            const bool full = written < 0 && errno == ENOSPC;
            good = good && (full || written == static_cast<ssize_t>(strlen(name)));
            close(file);
            if (full) {
                good = good && unlink(name) == 0;
                errno = ENOSPC;
                break;
            }
        }
        printf("(%d files, then errno %d)\n", count, errno);
        check("files until there is no memory for another", good && errno == ENOSPC && count > 100);
        snprintf(name, sizeof name, "/tmp/many/file-%d", count / 2);
        char content[64] = "";
        const int file = open("/tmp/many/file-0", O_RDONLY); // there may be no memory even for this
        if (file >= 0) close(file);
        good = unlink("/tmp/many/file-1") == 0;
        const int middle = open(name, O_RDONLY);
        good = good && middle >= 0 && read(middle, content, sizeof content) == static_cast<ssize_t>(strlen(name)) &&
               strcmp(content, name) == 0;
        close(middle);
        check("one gone makes room for opening another", good);
    }
    int seen = 0;
    DIR* directory = opendir("/tmp/many");
    while (const dirent* entry = directory != nullptr ? readdir(directory) : nullptr)
        if (entry->d_name[0] != '.') ++seen, good = unlinkat(dirfd(directory), entry->d_name, 0) == 0 && good;
    CHECK(directory != nullptr && closedir(directory) == 0 && good && seen == count - 1);
    CHECK(rmdir("/tmp/many") == 0);
}

/// Streams, whose buffers and locks come from the heap.
void streams() {
    constexpr int most = 1000;
    static FILE* all[most];
    bool good = true;
    int count = 0;
    {
        const FullHeap full(200'000);
        while (count < most && (all[count] = fopen("/tmp/kept", "r")) != nullptr) {
            char word[8] = "";
            good = good && fgets(word, sizeof word, all[count]) != nullptr && strcmp(word, "kept") == 0;
            ++count;
        }
        check("streams until there is no memory for another",
              good && count > 20 && count < most && (errno == ENOMEM || errno == ENOSPC));
        for (int i = 0; i < count; ++i) good = fclose(all[i]) == 0 && good;
    }
    CHECK(good);
    FILE* one = fopen("/tmp/kept", "r");
    CHECK(one != nullptr && fgetc(one) == 'k' && fclose(one) == 0);
}

// --- all at once ------------------------------------------------------------------------------------------------------

unsigned random_state;
unsigned random_below(unsigned limit) {
    random_state = random_state * 1103515245 + 12345;
    return (random_state >> 8) % limit;
}

/// Blocks, mappings, files and threads come and go where there is never enough: what is refused changes nothing.
class Turmoil {
  public:
    bool run(int rounds) {
        for (int round = 0; round < rounds && good_; ++round) {
            switch (random_below(8)) {
            case 0:
            case 1:
            case 2: change_block(); break;
            case 3:
            case 4: change_mapping(); break;
            case 5:
            case 6: change_file(); break;
            default: run_thread();
            }
        }
        for (Part& block : blocks_) drop_block(block);
        for (Part& mapping : mappings_) drop_mapping(mapping);
        for (int i = 0; i < parts; ++i) drop_file(i);
        return good_;
    }
    int refused() const { return refused_; }

  private:
    static constexpr int parts = 24;
    struct Part {
        unsigned char* bytes = nullptr;
        std::size_t size = 0;
        unsigned char mark = 0;
    };

    std::size_t any_size() { return random_below(4) == 0 ? random_below(600'000) + 1 : random_below(30'000) + 1; }
    void must(bool condition, const char* what) {
        if (condition) return;
        if (good_) printf("(turmoil: %s, errno %d)\n", what, errno);
        good_ = false;
    }
    void refuse(int error) {
        must(errno == error, "refused for the wrong reason");
        ++refused_;
    }
    void mark(Part& part) {
        part.mark = static_cast<unsigned char>(random_below(256));
        for (std::size_t at = 0; at < part.size; at += 1000) part.bytes[at] = part.mark;
    }
    void look(const Part& part) {
        for (std::size_t at = 0; at < part.size; at += 1000) must(part.bytes[at] == part.mark, "bytes changed");
    }

    void change_block() {
        Part& part = blocks_[random_below(parts)];
        look(part);
        const std::size_t size = any_size();
        if (part.bytes != nullptr && random_below(3) == 0) return drop_block(part);
        const std::size_t before = part.size;
        void* moved = realloc(part.bytes, size);
        if (moved == nullptr) return refuse(ENOMEM);
        part.bytes = static_cast<unsigned char*>(moved);
        part.size = size < before ? size : before;
        look(part);
        part.size = size;
        if (random_below(3) != 0) return mark(part); // else what is new stays without memory
        part.size = size < before ? size : before;
    }
    void drop_block(Part& part) {
        free(part.bytes);
        part = {};
    }

    void change_mapping() {
        Part& part = mappings_[random_below(parts)];
        look(part);
        if (part.bytes == nullptr) {
            const std::size_t size = any_size() / page * page + page;
            const int flags = random_below(4) == 0 ? MAP_NORESERVE : 0;
            void* mapped = mmap(nullptr, size, both, anonymous | flags, -1, 0);
            if (mapped == MAP_FAILED) return refuse(ENOMEM);
            part = {static_cast<unsigned char*>(mapped), flags == 0 ? size : 0, 0};
            sizes_[&part - mappings_] = size;
            return mark(part);
        }
        const std::size_t size = sizes_[&part - mappings_],
                          first = random_below(static_cast<unsigned>(size / page)) * page;
        switch (random_below(4)) {
        case 0: return drop_mapping(part);
        case 1: // only its end stays unmarked
            if (first == 0 || munmap(part.bytes + first, size - first) != 0)
                return first != 0 ? refuse(ENOMEM) : void();
            sizes_[&part - mappings_] = first;
            if (part.size > first) part.size = first;
            break;
        case 2:
            if (mprotect(part.bytes + first, page, PROT_READ) != 0) return refuse(ENOMEM);
            look(part);
            while (mprotect(part.bytes + first, page, both) != 0) {
                refuse(ENOMEM);
                if (!good_) return;
                drop_block(blocks_[random_below(parts)]);
            }
            break;
        default:
            must(madvise(part.bytes, size, MADV_DONTNEED) == 0, "madvise");
            if (part.size != 0) mark(part);
        }
    }
    void drop_mapping(Part& part) {
        if (part.bytes != nullptr) must(munmap(part.bytes, sizes_[&part - mappings_]) == 0, "munmap");
        part = {};
    }

    static void name_of(int i, char (&name)[32]) { snprintf(name, sizeof name, "/tmp/turmoil-%d", i); }
    void change_file() {
        const int i = static_cast<int>(random_below(parts));
        char name[32];
        name_of(i, name);
        if (random_below(4) == 0) return drop_file(i);
        const int file = open(name, O_RDWR | O_CREAT, 0600);
        if (file < 0) return refuse(ENOSPC);
        unsigned char byte;
        for (std::size_t at = 0; at < lengths_[i]; at += 5000)
            must(pread(file, &byte, 1, static_cast<off_t>(at)) == 1 && byte == static_cast<unsigned char>(pattern(at)),
                 "a file changed");
        const std::size_t size = random_below(400'000);
        if (random_below(2) == 0 && size < lengths_[i]) {
            must(ftruncate(file, static_cast<off_t>(size)) == 0, "ftruncate");
            lengths_[i] = size;
        } else {
            static char bytes[100'000];
            const std::size_t count = random_below(sizeof bytes - 1) + 1;
            for (std::size_t k = 0; k < count; ++k) bytes[k] = pattern(lengths_[i] + k);
            const ssize_t written = pwrite(file, bytes, count, static_cast<off_t>(lengths_[i]));
            if (written < 0)
                refuse(ENOSPC);
            else
                lengths_[i] += static_cast<std::size_t>(written);
        }
        close(file);
    }
    void drop_file(int i) {
        char name[32];
        name_of(i, name);
        if (unlink(name) != 0) must(errno == ENOENT && lengths_[i] == 0, "unlink");
        lengths_[i] = 0;
    }

    void run_thread() {
        pthread_t thread;
        void* result = nullptr;
        if (const int error = pthread_create(&thread, nullptr, nothing, this); error != 0) {
            errno = error;
            return refuse(EAGAIN);
        }
        must(pthread_join(thread, &result) == 0 && result == this, "a thread's result");
    }

    Part blocks_[parts], mappings_[parts];
    std::size_t sizes_[parts] = {}, lengths_[parts] = {};
    bool good_ = true;
    int refused_ = 0;
};

void turmoil() {
    random_state = 1;
    bool good = true;
    int refused = 0;
    for (int round = 0; good && round < 3; ++round) {
        const Shortage shortage(200 * (round + 1)); // less than a MiB, and more
        static Turmoil all;
        all = {};
        good = all.run(4000);
        refused += all.refused();
    }
    for (int i = 0; i < 4; ++i) sched_yield();
    check("12000 changes at random", good);
    printf("(%d refused)\n", refused);
    check("of which many were refused", refused > 500);
}

/// Of more than 256 MiB the list of what is free has parts that come when they are needed, after the last page may have been promised.
void a_large_domain() {
    constexpr std::size_t size = 200 * megabyte;
    auto* memory = static_cast<char*>(mmap(nullptr, size, both, anonymous, -1, 0));
    auto* last = static_cast<char*>(mmap(nullptr, 64 * page, PROT_NONE, anonymous, -1, 0));
    CHECK(memory != MAP_FAILED && mprotect(last, 2 * page, both) == 0 && (last[page] = 1)); // with its page table
    const Shortage shortage(0);
    std::size_t taken = 2;
    while (taken < 64 && mprotect(last + taken * page, page, both) == 0) ++taken;
    bool good = taken < 64;
    for (std::size_t at = 0; good && at < size; at += page) {
        memory[at] = 1;
        good = madvise(memory + at, page, MADV_DONTNEED) == 0 && memory[at] == 0;
        memory[at] = 2;
    }
    check("pages of a large domain come and go to the last", good);
    CHECK(munmap(memory, size) == 0 && munmap(last, 64 * page) == 0);
}

} // namespace

int main(int argc, char** argv) {
    if (argc > 1 && strcmp(argv[1], "large") == 0) {
        a_large_domain();
        return checks_done();
    }
    const int kept = open("/tmp/kept", O_CREAT | O_WRONLY, 0600);
    CHECK(write(kept, "kept", 4) == 4 && close(kept) == 0);
    signal(SIGUSR1, SIG_IGN);
    printf("%.3f\n", 1.5); // newlib keeps the memory that it converts numbers in
    const long at_start = at_rest().pages;
    again_and_again("heap", heap);
    again_and_again("mappings", mappings);
    again_and_again("threads", threads);
    again_and_again("descriptors", descriptors);
    again_and_again("a large file", a_large_file);
    again_and_again("many files", many_files);
    again_and_again("streams", streams, {0, 2000});
    again_and_again("turmoil", turmoil, {32, 0});
    const long at_end = at_rest().pages;
    printf("pages free: %ld at first, %ld at last\n", at_start, at_end);
    CHECK(at_start - at_end < 200); // page tables, tables of descriptors, threads and regions, streams
    return checks_done();
}
