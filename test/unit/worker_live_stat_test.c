/*
 * What the ingest server says of a broadcast (issue 16 line 3: bitrate and drops as it reports
 * them).
 */
#include "tap.h"
#include "worker/live_stat.h"

static struct sb_live_stat stat;

#define CLIENT(dropped)    "<client><id>3</id><dropped>" dropped "</dropped></client>"
#define STREAM(name, rest) "<stream><name>" name "</name>" rest "</stream>"
#define APPLICATION(name, streams)                                                                 \
	"<application><name>" name "</name><live>" streams "</live></application>"

static bool
reads(const char *text)
{
	return sb_live_stat_read(text, "play", "one", &stat);
}

int
main(void)
{
	ok(reads("<rtmp><bw_in>7</bw_in><server>" APPLICATION(
		   "live", STREAM("one", "<time>1</time><bw_in>1</bw_in>"))
				 APPLICATION("play", STREAM("two", "<bw_in>2</bw_in>")
										 STREAM("one", "<time>20000</time><bw_in>2500000</bw_in>"
													   "<bytes_in>1</bytes_in>" CLIENT("3")
														   CLIENT("4"))) "</server></rtmp>"),
	   "a stream of an application");
	is_int((int) stat.bits, 2500000, "what comes in");
	is_int((int) stat.dropped, 7, "and what was dropped, for all that it is sent to");
	ok(reads(APPLICATION(
		   "play", STREAM("one", "<time>4000</time><bw_in>0</bw_in><bytes_in>1000</bytes_in>"))),
	   "one that has just begun");
	is_int((int) stat.bits, 2000, "what has come until now");
	ok(reads(APPLICATION("play", STREAM("one", ""))) && stat.bits == 0 && stat.dropped == 0,
	   "one of which nothing is told");
	ok(reads(APPLICATION("play", STREAM("one", "<bw_in>-1</bw_in><dropped>x</dropped>"))) &&
		   stat.bits == 0 && stat.dropped == 0,
	   "what is no number");
	ok(reads(
		   APPLICATION("play", STREAM("one", "<bw_in>99999999999999999999999999999999</bw_in>"))) &&
		   stat.bits == 0,
	   "a number that nobody means");
	ok(!reads(""), "nothing");
	ok(!reads(APPLICATION("play", "")), "an application without streams");
	ok(!reads(APPLICATION("live", STREAM("one", ""))), "a stream of another one");
	ok(!reads(APPLICATION("play", STREAM("on", "") STREAM("ones", ""))), "names that begin alike");
	ok(!reads(APPLICATION("play", "<stream><name>one</name>")), "one that is cut off");
	ok(!reads("<application><name>play</name><stream><name>one</name></stream>"),
	   "likewise its application");
	ok(!reads(APPLICATION("play", STREAM("&lt;/name&gt;one", ""))), "names are escaped");
	return done_testing();
}
