package simex

import "slices"

// Incident is what happens to whole connections, or to the venue itself, at the moment of Inject.
type Incident struct {
	Kind  IncidentKind
	Conn  uint64 // Conn.Number of the one that is hit; 0 for all
	Nanos int64  // how long, or by how much
	Code  uint16 // CloseConns
	Count int    // MarketGap
	Spare uint64 // Conn.Number of one that is left alone
}

// IncidentKind names an incident.
type IncidentKind uint8

const (
	ShutdownNotice IncidentKind = iota // the venue's own notice; with Nanos the connections are closed that much later
	CloseConns                         // Close with Code: 1001, 1008, 1012, 1013 ...
	ResetConns                         // TCP reset, nothing said
	Silence                            // PINGs are still answered and sent, data no longer
	ClockStep                          // the venue's clock jumps by Nanos
	Ban                                // the IP is shut out for Nanos
	Maintenance                        // requests and connects are refused for Nanos
	ExpireTokens                       // logons, tokens and subscriptions end
	MarketGap                          // the next Count replayed frames are not sent
	incidentKinds
)

var incidentNames = [incidentKinds]string{
	"shutdown_notice", "close", "reset", "silence", "clock_step", "ban", "maintenance", "expire_tokens", "market_gap",
}

func (k IncidentKind) String() string { return incidentNames[k] }

// Number tells connections apart, in the order of Accept, from 1.
func (c *Conn) Number() uint64 { return c.number }

// Inject lets an incident happen now.
func (v *Venue) Inject(now int64, in Incident) {
	if in.Kind >= incidentKinds {
		panic("simex: unknown incident")
	}
	v.tally.add(cFaults)
	v.mu.Lock()
	hit := slices.Clone(v.conns)
	switch in.Kind {
	case ClockStep:
		v.step.Add(in.Nanos)
	case Ban:
		v.usage.bannedUntil, v.usage.told = now+in.Nanos, false
	case Maintenance:
		v.closedUntil = now + in.Nanos
	}
	v.mu.Unlock()
	for _, c := range hit {
		if (in.Conn == 0 || in.Conn == c.number) && in.Spare != c.number {
			c.suffer(now, &in)
		}
	}
}

// suffer lets an incident happen to one connection.
func (c *Conn) suffer(now int64, in *Incident) {
	c.mu.Lock()
	switch in.Kind {
	case ShutdownNotice:
		if c.phase == phaseOpen {
			c.v.protocol.notice(c, now)
			if in.Nanos > 0 {
				c.dies = now + in.Nanos
			}
		}
	case CloseConns:
		c.closeWith(now, in.Code, "by script")
	case ResetConns:
		c.end(ErrReset)
	case MarketGap:
		if s := c.replay(); s != nil {
			s.skip += in.Count
		}
	case Silence:
		c.outMu.Lock()
		c.silent = true
		c.outMu.Unlock()
	case ExpireTokens:
		if c.phase == phaseOpen {
			c.v.protocol.expire(c, now)
		}
	}
	c.leave()
	c.mu.Unlock()
	c.wake()
}

// replay is the market side of an open connection, or nil.
func (c *Conn) replay() *marketSession {
	switch s := c.session.(type) {
	case *marketSession:
		return s
	case *bybitSession:
		return s.market
	case *krakenSession:
		return s.market
	case *coinbaseSession:
		return s.market
	case *advancedSession:
		return s.market
	}
	return nil
}

// maintained tells whether the venue takes no requests now.
func (v *Venue) maintained(now int64) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return now < v.closedUntil
}
