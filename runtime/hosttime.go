package runtime

// HostTime is a dialect whose venue tells no time and runs on this host: its orders are stamped by the host's own clock.
// Only benches speak one. A real venue's clock is always compared (VenueClock).
type HostTime interface{ StampsByHost() }

// hostSample compares the host's clock with itself.
func (v *supervisor) hostSample() clockSample {
	clock := v.engine.plan.Clock
	now := clock.Now()
	return clockSample{sent: now, received: now, venueNanos: clock.Wall(now)}
}
