package world

import (
	"errors"
	"fmt"
	"os"
	"time"

	"orderwire/orders"
	"orderwire/orders/fixed"
	"orderwire/orders/journal"
	"orderwire/orders/market"
	"orderwire/runtime"
	"orderwire/tlsio"
)

// life is one process from its start to its end or its kill: an Engine on the world's network, clock and disk, and all
// that the kernel takes back when it dies.
type life struct {
	w       *world
	number  int
	dead    bool
	process *process
	state   *journal.State
	log     *journal.Log
	epoch   uint32
	engine  *runtime.Engine
	trader  *trader
	port    *port
	stop    *order
	task    *task
	err     error // how Run ended

	links  []*link
	handed map[int]*end
	fds    int

	dieAt   killPoint // where it is to die next
	dieNext bool
	down    int64 // how long its host then stays without it
	stall   int64 // the loop's thread is taken away for so long
}

// start boots a process: it takes the state folder, makes its epoch durable, reads what earlier lives left, and runs.
func (w *world) start() (err error) {
	w.lives++
	l := &life{w: w, number: w.lives, handed: map[int]*end{}, stop: newOrder()}
	l.process = &process{s: w.stage, life: l, host: &w.host}
	w.life = l
	w.sessions = tlsio.NewSessions(8, 0, func() time.Time { return time.Unix(0, w.hostWall()) })
	recovery, err := l.openJournal()
	if err != nil {
		return err
	}
	if len(recovery.Damage) > 0 && !w.damaged {
		return fmt.Errorf("world: life %d found its journal damaged without a fault: %v", l.number, recovery.Damage)
	}
	w.damaged = false
	w.record.line("life %d epoch %d clean %t open %d hot %d", l.number, l.epoch, recovery.Clean, len(recovery.Orders), recovery.FromHot)
	l.trader = w.newTrader(l)
	config, err := l.config(recovery)
	if err != nil {
		return err
	}
	if l.engine, err = runtime.New(config); err != nil {
		return err
	}
	l.task = w.stage.spawn("run", l, func() { l.err = l.engine.Run(l.stop) })
	return nil
}

// openJournal is what the binary does before anything is signed.
func (l *life) openJournal() (*journal.Recovery, error) {
	var err error
	if l.state, err = journal.OpenState(l.w.dir); err != nil {
		return nil, err
	}
	if l.epoch, err = l.w.nextEpoch(l.state); err != nil {
		return nil, err
	}
	config := journal.Config{Places: 1 << 10, FlushEvery: flusherNever, FileMaxBytes: 256 << 10, KeepFiles: 1 << 16, Wall: l.w.hostWall}
	config.UseDisk(l.w.dir, &l.w.disk)
	log, recovery, err := journal.OpenLog(l.state, l.epoch, config)
	if err != nil {
		return nil, err
	}
	l.log = log
	return recovery, nil
}

// config is the Engine's, as the binary makes it.
func (l *life) config(recovery *journal.Recovery) (runtime.Config, error) {
	w := l.w
	signer, err := w.market.signer()
	if err != nil {
		return runtime.Config{}, err
	}
	risk, err := w.admission()
	if err != nil {
		return runtime.Config{}, err
	}
	endpoint := runtime.Endpoint{URL: "wss://" + venueHost, TLS: w.clientTLS()}
	clock := l.process.Clock()
	return runtime.Config{
		Dialect: w.dialect(), Orders: endpoint, Armed: w.market.armed, IDs: orders.IDSpace{Prefix: idPrefix, Epoch: l.epoch, Form: w.market.form},
		Signer: signer, Strategy: &pacer{trader: l.trader, life: l},
		Journal:   &tap{log: l.log, epoch: l.epoch, specs: w.market.armed, clock: clock, life: l},
		Recovered: recoveredFrom(recovery), Reconcile: !recovery.Clean,
		Risk:     risk,
		Observer: &watcher{l},
		CPU:      -1, SlotCount: 64, SlotBytes: 4 << 10, TrackMax: 1 << 11, MessageMaxBytes: 64 << 10,
		Settle: settleNanos, RehearseEvery: -1, SignAhead: -1, Standbys: w.options.Standbys, SessionLife: sessionLife,
		ConnectTimeout: connectTimeout, BackoffMin: backoffMin, BackoffMax: backoffMax,
		Clock: clock, Rand: w.clientBytes, Network: &network{w: w, life: l}, Tasks: l.process,
	}, nil
}

// recoveredFrom are the orders without an end, as the loop takes them up.
func recoveredFrom(r *journal.Recovery) []runtime.Recovered {
	var list []runtime.Recovered
	for i := range r.Orders {
		o := &r.Orders[i]
		if o.Intent.Action != orders.Place {
			continue
		}
		list = append(list, runtime.Recovered{
			Epoch: o.Intent.Epoch, Counter: o.Intent.ID, State: o.State,
			Spec: orders.Spec{
				Action: o.Intent.Action, Symbol: o.Intent.Symbol, Side: market.Side(o.Intent.Side), Type: o.Intent.Type, TIF: o.Intent.TIF,
			},
			Values:    orders.Values{Price: fixed.Number(o.Intent.Price), Qty: fixed.Number(o.Intent.Qty)},
			WallNanos: o.Intent.WallNanos, UntilWall: o.Intent.UntilWall,
		})
	}
	return list
}

// hand keeps a connection between the control plane and the loop, under a number as the kernel would give it.
func (l *life) hand(e *end) int {
	l.fds++
	l.handed[l.fds] = e
	l.poke()
	return l.fds
}

// poke lets the loop turn soon.
func (l *life) poke() {
	if l.port != nil {
		l.port.poke()
	}
}

// maybeDie kills the process here, in the middle of what the loop does.
func (l *life) maybeDie(at killPoint) {
	if l.dieNext && l.dieAt == at && !l.dead {
		l.dead = true
		l.w.stage.after(0, func() {
			l.w.bury(l)
			l.w.faults.hit(KillInTurn)
			l.w.reboot(l.down)
		})
		panic(errKilled)
	}
}

// kill ends the process at once: no task of it runs on, nothing is flushed, and its sockets are closed by the kernel.
func (w *world) kill(l *life) {
	if !l.dead {
		l.dead = true
		w.bury(l)
	}
}

// bury takes back what a dead process held.
func (w *world) bury(l *life) {
	w.record.line("killed %d", l.number)
	w.stage.doom(l)
	var err error
	if l.port != nil {
		err = l.port.abandon()
	}
	for _, k := range l.links {
		k.client.leave(false)
	}
	err = errors.Join(err, l.log.Abandon(), l.state.Close())
	if err != nil {
		w.fail("the kernel could not clear away life %d: %v", l.number, err)
	}
	w.life = nil
}

// end stops the process in good order and closes its journal.
func (l *life) end() error {
	w := l.w
	l.stop.give()
	w.stage.run(w.now+stopNanos, func() bool { return l.task.ended })
	if !l.task.ended {
		return fmt.Errorf("world: life %d did not stop within %d s", l.number, stopNanos/1e9)
	}
	w.life = nil
	return errors.Join(l.err, l.log.Close(), l.state.Close())
}

// crash is kill for the whole host: what the disk does not have is gone.
func (w *world) crash(l *life) error {
	w.kill(l)
	err := os.Remove(journal.HotPath(w.dir))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}
