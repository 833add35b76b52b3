/*
 * Boost.Asio: async_read_until() and async_write(). All lines that have come
 * are answered together.
 */
#include <boost/asio.hpp>
#include <cstring>
#include <memory>
#include <string>
extern "C" {
#include "server.h"
}

namespace asio = boost::asio;
using boost::system::error_code;
using socket_type = asio::generic::stream_protocol::socket;

class session : public std::enable_shared_from_this<session> {
public:
	explicit session(socket_type socket) : socket_(std::move(socket))
	{
		/* As much is read at once. */
		input_.reserve(65536);
	}

	void read()
	{
		auto self = shared_from_this();

		asio::async_read_until(socket_, asio::dynamic_buffer(input_),
		    '\n', [self](error_code error, std::size_t) {
			if (!error)
				self->answer();
		});
	}

	void on_line(const char *line, std::size_t len)
	{
		output_.append(line, len);
		output_.push_back('\n');
	}

private:
	void answer();

	void write()
	{
		auto self = shared_from_this();

		asio::async_write(socket_, asio::buffer(output_),
		    [self](error_code error, std::size_t) {
			self->output_.clear();
			if (!error)
				self->read();
		});
	}

	socket_type socket_;
	std::string input_;
	std::string output_;
};

static void
on_line(void *conn, const char *line, std::size_t len)
{
	static_cast<session *>(conn)->on_line(line, len);
}

static volatile server_message_cb hook = on_line;

void
session::answer()
{
	const char *data = input_.data(), *end = data + input_.size();
	const char *line = data;

	while (const void *found = std::memchr(line, '\n',
	    static_cast<std::size_t>(end - line))) {
		const char *lf = static_cast<const char *>(found);

		hook(this, line, static_cast<std::size_t>(lf - line));
		line = lf + 1;
	}
	input_.erase(0, static_cast<std::size_t>(line - data));
	write();
}

static int
serve_lines(const struct server *server)
{
	asio::io_context context(1);

	for (int i = 0; i < server->n; i++) {
		socket_type socket(context);

		/* Of what family it is does not matter to a stream. */
		socket.assign(asio::generic::stream_protocol(AF_INET,
		    IPPROTO_TCP), server->fds[i]);
		std::make_shared<session>(std::move(socket))->read();
	}
	context.run();
	return 0;
}

extern "C" const struct server_way server_ways[] = {
	{ "lines", serve_lines },
	{ nullptr, nullptr }
};
