// Extracts the fields of one shape of message with simdjson and times it: on demand, which looks only at what is asked for,
// and dom, which checks the whole text, as the daemon's own reader does.
//   simdjson SHAPE MESSAGE SECONDS    prints one line of JSON
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <simdjson.h>

using namespace simdjson;

// The numbers of a message: those of its tags in their order, then its time.
static std::vector<double> numbers;
// A window, kept as the daemon keeps it.
static std::vector<float> window;

// A message as it comes from a broker, and a place with the padding that simdjson reads.
static std::string message;
static std::vector<char> padded;

static std::vector<std::string> channels;

static bool on_demand(const std::string &shape, ondemand::parser &parser) {
    numbers.clear();
    window.clear();
    std::memcpy(padded.data(), message.data(), message.size());
    ondemand::document document;
    if (parser.iterate(padded.data(), message.size(), padded.size()).get(document)) return false;
    auto root = document.get_object();
    double value;
    int64_t time;
    if (shape == "one") {
        if (root["ts"].get_int64().get(time)) return false;
        if (root["v"].get_double().get(value)) return false;
        numbers.push_back(value);
    } else if (shape == "twenty") {
        if (root["ts"].get_int64().get(time)) return false;
        for (const std::string &name : channels) {
            if (root[name].get_double().get(value)) return false;
            numbers.push_back(value);
        }
    } else if (shape == "nested") {
        if (root["header"]["ts"].get_int64().get(time)) return false;
        auto motor = root["machine"]["motor"];
        if (motor["temperature"]["value"].get_double().get(value)) return false;
        numbers.push_back(value);
        if (root["machine"]["speed"]["value"].get_double().get(value)) return false;
        numbers.push_back(value);
        if (root["machine"]["load"]["value"].get_double().get(value)) return false;
        numbers.push_back(value);
    } else if (shape == "array") {
        if (root["ts"].get_int64().get(time)) return false;
        for (auto element : root["acc"].get_array()) {
            if (element.get_double().get(value)) return false;
            window.push_back(static_cast<float>(value));
        }
    } else {
        if (root["ts"].get_int64().get(time)) return false;
        if (root["summary"]["last"].get_double().get(value)) return false;
        numbers.push_back(value);
    }
    numbers.push_back(static_cast<double>(time));
    return true;
}

static bool dom_way(const std::string &shape, dom::parser &parser) {
    numbers.clear();
    window.clear();
    std::memcpy(padded.data(), message.data(), message.size());
    dom::element root;
    if (parser.parse(padded.data(), message.size(), false).get(root)) return false;
    double value;
    int64_t time;
    if (shape == "nested") {
        if (root["header"]["ts"].get(time)) return false;
        for (auto path : {"/machine/motor/temperature/value", "/machine/speed/value", "/machine/load/value"}) {
            if (root.at_pointer(path).get(value)) return false;
            numbers.push_back(value);
        }
    } else {
        if (root["ts"].get(time)) return false;
        if (shape == "one") {
            if (root["v"].get(value)) return false;
            numbers.push_back(value);
        } else if (shape == "twenty") {
            for (const std::string &name : channels) {
                if (root[name].get(value)) return false;
                numbers.push_back(value);
            }
        } else if (shape == "array") {
            dom::array list;
            if (root["acc"].get(list)) return false;
            for (auto element : list) {
                if (element.get(value)) return false;
                window.push_back(static_cast<float>(value));
            }
        } else {
            if (root["summary"]["last"].get(value)) return false;
            numbers.push_back(value);
        }
    }
    numbers.push_back(static_cast<double>(time));
    return true;
}

int main(int count, char **arguments) {
    if (count != 4) return 64;
    const std::string shape = arguments[1];
    std::ifstream file(arguments[2], std::ios::binary);
    std::stringstream stream;
    stream << file.rdbuf();
    message = stream.str();
    padded.resize(message.size() + SIMDJSON_PADDING);
    for (int index = 0; index < 20; ++index) channels.push_back("channel_" + std::string(index < 10 ? "0" : "") + std::to_string(index));
    const double seconds = std::atof(arguments[3]);
    ondemand::parser fast;
    dom::parser whole;
    using clock = std::chrono::steady_clock;
    auto timings = [&](auto read) {
        std::vector<double> all;
        long rounds = 1;
        auto time = [&] {
            const auto start = clock::now();
            for (long round = 0; round < rounds; ++round) {
                if (!read()) std::exit(1);
            }
            return std::chrono::duration<double>(clock::now() - start).count();
        };
        while (time() < 0.005) rounds *= 2;
        const auto end = clock::now() + std::chrono::duration<double>(seconds);
        do all.push_back(time() * 1e9 / rounds);
        while (clock::now() < end);
        std::sort(all.begin(), all.end());
        return all;
    };
    const auto d = timings([&] { return dom_way(shape, whole); });
    const auto o = timings([&] { return on_demand(shape, fast); });
    std::printf("{\"on_demand\":[%.2f,%.2f],\"dom\":[%.2f,%.2f],\"isa\":\"%s\",\"numbers\":[", o[o.size() / 2], o[0],
                d[d.size() / 2], d[0], get_active_implementation()->name().c_str());
    for (size_t index = 0; index < numbers.size(); ++index) std::printf("%s%.17g", index ? "," : "", numbers[index]);
    std::printf("],\"window\":[");
    for (size_t index = 0; index < window.size(); ++index) std::printf("%s%.9g", index ? "," : "", window[index]);
    std::printf("]}\n");
}
