package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"orderwire/netpoll"
	"orderwire/orders"
	"orderwire/orders/fixed"
	"orderwire/orders/journal"
	"orderwire/orders/market"
	"orderwire/runtime"
)

// standing is what a run keeps on disk for as long as it lives: the lock on its state folder, its boot epoch, its journal.
type standing struct {
	state    *journal.State
	log      *journal.Log
	recovery *journal.Recovery
	epoch    uint32
	tap      *journalTap
}

// openStanding takes the folder, makes the boot epoch durable, reads what earlier lives left and begins to write.
func openStanding(dir string, specs []orders.Spec, clock netpoll.Clock) (s *standing, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("state folder: %w", err)
	}
	s = &standing{}
	if s.state, err = journal.OpenState(dir); err != nil {
		return nil, err
	}
	if s.epoch, err = s.state.NextEpoch(); err != nil {
		return nil, errors.Join(err, s.close())
	}
	if s.log, s.recovery, err = journal.OpenLog(s.state, s.epoch, journal.Config{}); err != nil {
		return nil, errors.Join(err, s.close())
	}
	if s.tap, err = newJournalTap(s.log, s.epoch, specs, clock); err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

// close ends the journal in good order and lets another process take the folder.
func (s *standing) close() error {
	var err error
	if s.log != nil {
		err = s.log.Close()
	}
	return errors.Join(err, s.state.Close())
}

// usable refuses to trade over a journal that is damaged: what it cannot say the operator must look at.
func (s *standing) usable() error {
	if len(s.recovery.Damage) == 0 {
		return nil
	}
	return fmt.Errorf("the journal in %s is damaged in %d places and cannot vouch for its orders: run orderwire journal verify --state-dir %s, look at the open orders at the exchange, then move the journal folder away",
		s.state.Dir(), len(s.recovery.Damage), s.state.Dir())
}

// recovered are the orders without an end, as the loop takes them up. Their numbers get the decimals of the orders that are
// armed for the symbol: the first order of a symbol sets those of its book, and a gate of other decimals would refuse all.
func (s *standing) recovered(specs []orders.Spec) []runtime.Recovered {
	var list []runtime.Recovered
	for i := range s.recovery.Orders {
		o := &s.recovery.Orders[i]
		if o.Intent.Action != orders.Place {
			continue // a cancel or a dry run leaves nothing open
		}
		r := runtime.Recovered{
			Epoch: o.Intent.Epoch, Counter: o.Intent.ID, State: o.State,
			Spec: orders.Spec{
				Action: o.Intent.Action, Symbol: o.Intent.Symbol, Side: market.Side(o.Intent.Side), Type: o.Intent.Type, TIF: o.Intent.TIF,
			},
			Values:    orders.Values{Price: fixed.Number(o.Intent.Price), Qty: fixed.Number(o.Intent.Qty)},
			WallNanos: o.Intent.WallNanos, UntilWall: o.Intent.UntilWall,
		}
		for j := range specs {
			if specs[j].Symbol == r.Spec.Symbol {
				r.Values.Price, r.Values.Qty = widened(r.Values.Price, specs[j].PriceScale), widened(r.Values.Qty, specs[j].QtyScale)
				break
			}
		}
		list = append(list, r)
	}
	return list
}

// widened is n at scale decimals where it can be written so, else as it is.
func widened(n fixed.Number, scale uint8) fixed.Number {
	if wide, exact := n.Rescale(scale); exact {
		return wide
	}
	return n
}

// say tells what earlier lives left.
func (s *standing) say(w io.Writer) {
	r := s.recovery
	if r.LastEpoch == 0 {
		return
	}
	how := "was ended in good order"
	if !r.Clean {
		how = "was not ended in good order"
	}
	fmt.Fprintf(w, "journal: the last life (epoch %d) %s; %d orders without an end, %d records only in the hot log\n", r.LastEpoch, how, len(r.Orders), r.FromHot)
}
