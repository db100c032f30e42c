package simex

import "sync/atomic"

// usage counts what an IP or an account has spent, in the fixed windows that the venues publish.
type usage struct {
	minute, weight    int64
	slot10s, orders10 int64
	day, ordersDay    int64
	connects          []int64
	refused           int
	refusedIn         int64
	bannedUntil       int64
	told              bool // the client knows of the ban
}

// spend adds request weight and returns the use of this minute.
func (u *usage) spend(now int64, weight int64) int64 {
	if minute := now / 60e9; minute != u.minute {
		u.minute, u.weight = minute, 0
	}
	u.weight += weight
	return u.weight
}

// ordered adds n to the unfilled orders of the running windows and returns both.
func (u *usage) ordered(now int64, n int64) (tenSeconds, day int64) {
	if slot := now / 10e9; slot != u.slot10s {
		u.slot10s, u.orders10 = slot, 0
	}
	if today := now / 86400e9; today != u.day {
		u.day, u.ordersDay = today, 0
	}
	u.orders10 = max(0, u.orders10+n)
	u.ordersDay = max(0, u.ordersDay+n)
	return u.orders10, u.ordersDay
}

// refuse notes one request over the limit and tells whether the IP is banned by it.
func (u *usage) refuse(now int64, limits *Limits) bool {
	if minute := now / 60e9; minute != u.refusedIn {
		u.refusedIn, u.refused = minute, 0
	}
	u.refused++
	if limits.BanAfter == 0 || u.refused < limits.BanAfter {
		return false
	}
	u.bannedUntil, u.told = now+limits.BanNanos, true
	return true
}

// banCounter is what a request during a ban raises: the first one cannot know of a ban that a script imposed.
func (u *usage) banCounter() counter {
	if !u.told {
		u.told = true
		return counterCount
	}
	return cOverLimit
}

// banned tells whether the IP is shut out now.
func (u *usage) banned(now int64) bool { return now < u.bannedUntil }

// connected notes a connection attempt and tells whether it is within the limit of five minutes.
func (u *usage) connected(now int64, limit int) bool {
	keep := 0
	for _, at := range u.connects {
		if now-at < 300e9 {
			u.connects[keep] = at
			keep++
		}
	}
	u.connects = u.connects[:keep]
	if limit > 0 && keep >= limit {
		return false
	}
	u.connects = append(u.connects, now)
	return true
}

// perSecond counts within the running second. It may be read without the venue's lock.
type perSecond struct{ second, used atomic.Int64 }

// add counts one more and returns the use of this second.
func (p *perSecond) add(now int64) int64 {
	if p.second.Swap(now/1e9) != now/1e9 {
		p.used.Store(0)
	}
	return p.used.Add(1)
}

func (p *perSecond) load(now int64) int64 {
	if p.second.Load() != now/1e9 {
		return 0
	}
	return p.used.Load()
}

// bucket is a token bucket filled lazily: tokens = min(burst, before + time * rate).
type bucket struct {
	tokens int64 // in billionths
	at     int64
}

// take uses one token and tells whether there was one.
func (b *bucket) take(now, rate, burst int64) bool {
	const one = 1_000_000_000
	if b.at == 0 {
		b.tokens = burst * one
	} else {
		elapsed := min(now-b.at, 3600e9)
		b.tokens = min(burst*one, b.tokens+elapsed*rate)
	}
	b.at = now
	if b.tokens < one {
		return false
	}
	b.tokens -= one
	return true
}
