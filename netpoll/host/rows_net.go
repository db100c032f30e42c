package host

import (
	"bytes"
	"fmt"
	"os/exec"
	"path"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

const netGroup = "network"

func checkBusyPoll(t tree, _ Report, c Config) []Row {
	const name, why = "busy polling", "informs: it helps only where the socket has a NAPI id (a real card), and the loop asks for it itself"
	read, ok := t.text("/proc/sys/net/core/busy_read")
	poll, ok2 := t.text("/proc/sys/net/core/busy_poll")
	if !ok || !ok2 {
		return []Row{row(netGroup, name, "not in this kernel", "informs", why)}
	}
	return []Row{row(netGroup, name, fmt.Sprintf("busy_read %s us, busy_poll %s us", read, poll), "informs", why)}
}

func checkNAPI(_ tree, _ Report, c Config) []Row {
	const name, why = "NAPI id of the socket", "0 means that no card's queue can be polled for this socket: loopback, veth, or nothing was received yet"
	if c.Fd <= 0 {
		return []Row{row(netGroup, name, "no socket was given", "informs", why)}
	}
	id, err := unix.GetsockoptInt(c.Fd, unix.SOL_SOCKET, unix.SO_INCOMING_NAPI_ID)
	if err != nil {
		return []Row{unseen(netGroup, name, "informs", why, err.Error())}
	}
	return []Row{row(netGroup, name, strconv.Itoa(id), "informs", why)}
}

// checkNICs looks at each card's own settings.
func checkNICs(t tree, _ Report, c Config) []Row {
	var rows []Row
	for _, dir := range t.match("/sys/class/net/*") {
		card := path.Base(dir)
		if c.Interface != "" && card != c.Interface || c.Interface == "" && card == "lo" {
			continue
		}
		if state, _ := t.text(dir + "/operstate"); state == "down" {
			continue
		}
		rows = append(rows, deferral(t, dir, card), coalescing(t, card))
	}
	if len(rows) == 0 {
		const why = "interrupt delays of the card add to every receive"
		return []Row{row(netGroup, "cards", "none but loopback", "informs", why)}
	}
	return rows
}

// deferral is how long the kernel may leave a card's queue alone.
func deferral(t tree, dir, card string) Row {
	const why = "deferred interrupts are right together with a loop that polls the queue, and add their timeout to each receive without one"
	hard, ok := t.number(dir + "/napi_defer_hard_irqs")
	flush, ok2 := t.number(dir + "/gro_flush_timeout")
	name := card + " interrupt deferral"
	if !ok || !ok2 {
		return unseen(netGroup, name, "0 and 0", why, "the card does not tell")
	}
	return row(netGroup, name, fmt.Sprintf("%d times, %d ns", hard, flush), "0 and 0", why).
		unless(hard == 0 && flush == 0, Warn, fmt.Sprintf("echo 0 > %s/gro_flush_timeout; echo 0 > %s/napi_defer_hard_irqs", dir, dir))
}

// coalescing asks ethtool, where it is installed: the kernel has no file for it.
func coalescing(t tree, card string) Row {
	const why = "the card waits so long for more packets before it interrupts: it adds to each receive"
	name := card + " rx-usecs"
	tool, err := exec.LookPath("ethtool")
	if err != nil || t.root != "" {
		return unseen(netGroup, name, "0", why, "ethtool is not installed")
	}
	out, err := exec.Command(tool, "-c", card).Output()
	if err != nil {
		return row(netGroup, name, "the driver has none", "0", why)
	}
	return coalescingRow(name, card, out, why)
}

// coalescingRow reads what ethtool -c printed.
func coalescingRow(name, card string, out []byte, why string) Row {
	for line := range bytes.Lines(out) {
		if value, found := strings.CutPrefix(string(line), "rx-usecs:"); found {
			value = strings.TrimSpace(value)
			return row(netGroup, name, value, "0", why).
				unless(value == "0" || value == "n/a", Warn, "ethtool -C "+card+" adaptive-rx off rx-usecs 0")
		}
	}
	return row(netGroup, name, "the driver has none", "0", why)
}

func checkSlowStart(t tree, _ Report, _ Config) []Row {
	const name, file = "slow start after idle", "/proc/sys/net/ipv4/tcp_slow_start_after_idle"
	const why = "order connections idle for seconds; then the congestion window falls back, and a burst waits a round trip"
	n, ok := t.number(file)
	if !ok {
		return []Row{unseen(netGroup, name, "0", why, file+" is missing")}
	}
	return []Row{row(netGroup, name, strconv.FormatInt(n, 10), "0", why).unless(n == 0, Warn, "sysctl -w net.ipv4.tcp_slow_start_after_idle=0")}
}

func checkAutocorking(t tree, _ Report, _ Config) []Row {
	const name, file = "autocorking", "/proc/sys/net/ipv4/tcp_autocorking"
	const why = "a second small record waits while the first is still in the card's queue"
	n, ok := t.number(file)
	if !ok {
		return []Row{unseen(netGroup, name, "0", why, file+" is missing")}
	}
	return []Row{row(netGroup, name, strconv.FormatInt(n, 10), "0", why).unless(n == 0, Warn, "sysctl -w net.ipv4.tcp_autocorking=0")}
}

func checkCongestion(t tree, _ Report, _ Config) []Row {
	const name, file, ideal = "congestion control", "/proc/sys/net/ipv4/tcp_congestion_control", "cubic or reno"
	const why = "bbr and its like pace: they hold a record back on purpose"
	s, ok := t.text(file)
	if !ok {
		return []Row{unseen(netGroup, name, ideal, why, file+" is missing")}
	}
	return []Row{row(netGroup, name, s, ideal, why).
		unless(s == "cubic" || s == "reno", Warn, "sysctl -w net.ipv4.tcp_congestion_control=cubic")}
}

func checkQdisc(t tree, _ Report, _ Config) []Row {
	const name, file, ideal = "default queueing", "/proc/sys/net/core/default_qdisc", "pfifo_fast, fq_codel, fq, mq or noqueue"
	const why = "a shaping discipline holds packets back"
	s, ok := t.text(file)
	if !ok {
		return []Row{unseen(netGroup, name, ideal, why, "not told in this network namespace")}
	}
	well := slices.Contains([]string{"pfifo_fast", "fq_codel", "fq", "mq", "noqueue"}, s)
	return []Row{row(netGroup, name, s, ideal, why).unless(well, Warn, "sysctl -w net.core.default_qdisc=fq_codel")}
}
