package simex

// meter is Kraken's engine counter of one account and pair, in hundredths: it rises by what requests cost and decays.
type meter struct {
	instrument *instrument
	level      int64
	at         int64
}

// meter finds the account's counter of a pair.
func (a *account) meter(ins *instrument) *meter {
	for _, m := range a.meters {
		if m.instrument == ins {
			return m
		}
	}
	m := &meter{instrument: ins}
	a.meters = append(a.meters, m)
	return m
}

// decay lets the counter fall by hundredths a second.
func (m *meter) decay(now, hundredths int64) {
	if m.at > 0 {
		m.level = max(0, m.level-(now-m.at)/1e6*hundredths/1e3)
	}
	m.at = now
}
