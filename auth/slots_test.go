package auth

import (
	"context"
	"net/netip"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func peerNumber(i int) netip.Prefix {
	return network(netip.AddrFrom4([4]byte{10, byte(i >> 8), byte(i), 1}))
}

// TestSlotsTakeTurns: networks that wait get places by turns, however many wait in
// each.
func TestSlotsTakeTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSlots()
		s.free = 1
		require.NoError(t, s.acquire(t.Context(), peerNumber(0)))
		var order []int
		for _, i := range []int{1, 1, 1, 1, 2, 2, 3} {
			go func() {
				if s.acquire(t.Context(), peerNumber(i)) == nil {
					order = append(order, i)
				}
			}()
			synctest.Wait()
		}
		for range 7 {
			s.release()
			synctest.Wait()
		}
		require.Equal(t, []int{1, 2, 3, 1, 2, 1, 1}, order)
		s.release()
		require.Equal(t, 1, s.free)
		require.Zero(t, s.waiting)
		require.Empty(t, s.queues)
		require.Empty(t, s.turns)
	})
}

// TestSlotsWait: who waits two seconds is told to come again, who leaves leaves,
// and neither takes a place with them.
func TestSlotsWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSlots()
		s.free = 1
		require.NoError(t, s.acquire(t.Context(), peerNumber(0)))
		begin := time.Now()
		require.ErrorIs(t, s.acquire(t.Context(), peerNumber(1)), ErrUnavailable)
		require.Equal(t, 2*time.Second, time.Since(begin))
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		require.ErrorIs(t, s.acquire(ctx, peerNumber(1)), context.Canceled)
		require.Zero(t, s.waiting)
		require.Empty(t, s.queues)
		require.Empty(t, s.turns)
		s.release()
		require.Equal(t, 1, s.free)
		require.NoError(t, s.acquire(t.Context(), peerNumber(1)))
	})
}

// TestSlotsBound: no more wait than may, of one network and of all.
func TestSlotsBound(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSlots()
		s.free = 0
		var ended atomic.Int32
		start := func(peer netip.Prefix) {
			go func() {
				if s.acquire(t.Context(), peer) != nil {
					ended.Add(1)
				}
			}()
		}
		for range maxWaitingPeer + 1 {
			start(peerNumber(1))
		}
		synctest.Wait()
		require.EqualValues(t, 1, ended.Load())
		for i := range maxWaiting - maxWaitingPeer + 1 {
			start(peerNumber(i + 2))
		}
		synctest.Wait()
		require.EqualValues(t, 2, ended.Load())
		s.mu.Lock()
		require.Equal(t, maxWaiting, s.waiting)
		s.mu.Unlock()
		time.Sleep(slotWait) // of the bubble
		synctest.Wait()
		require.EqualValues(t, maxWaiting+2, ended.Load())
		require.Zero(t, s.waiting)
		require.Empty(t, s.queues)
		require.Empty(t, s.turns)
	})
}
