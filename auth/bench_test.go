package auth

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// benchServer has alice with a password, hashed for real.
func benchServer(b *testing.B) *server {
	b.Helper()
	s := newServer(b, newWorld())
	s.basic.compareHash, s.basic.newHash = VerifyPassword, HashPassword
	hash := HashPassword(rightPassword)
	s.change("alice", true, func(c *Credentials) { c.Hash = hash })
	return s
}

func authenticates(b *testing.B, a Authenticator, r *http.Request) {
	b.Helper()
	_, err := a.Authenticate(r)
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		_, _ = a.Authenticate(r)
	}
}

// BenchmarkAuthenticate is what a request pays. A hit is what all but the first
// pay; a miss hashes the password.
func BenchmarkAuthenticate(b *testing.B) {
	b.Run("basic/hit", func(b *testing.B) {
		s := benchServer(b)
		authenticates(b, s.basic, basicRequest(b, "alice", rightPassword))
	})
	b.Run("basic/hit/parallel", func(b *testing.B) {
		s := benchServer(b)
		_, err := s.basic.Authenticate(basicRequest(b, "alice", rightPassword))
		require.NoError(b, err)
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			r := basicRequest(b, "alice", rightPassword)
			for pb.Next() {
				_, _ = s.basic.Authenticate(r)
			}
		})
	})
	b.Run("basic/renewal", func(b *testing.B) {
		s := benchServer(b)
		s.verified.recheck = 0
		authenticates(b, s.basic, basicRequest(b, "alice", rightPassword))
	})
	b.Run("basic/miss", func(b *testing.B) {
		s := benchServer(b)
		r := basicRequest(b, "alice", rightPassword)
		b.ReportAllocs()
		for b.Loop() {
			s.verified.entries.Purge()
			_, _ = s.basic.Authenticate(r)
		}
	})
	b.Run("token/hit", func(b *testing.B) {
		s := benchServer(b)
		authenticates(b, s.token, requestFrom(b, "192.0.2.1:1", bearer(s.addToken("1", "alice", nil))...))
	})
	b.Run("token/miss", func(b *testing.B) {
		s := benchServer(b)
		r := requestFrom(b, "192.0.2.1:1", bearer(s.addToken("1", "alice", nil))...)
		b.ReportAllocs()
		for b.Loop() {
			s.verified.entries.Purge()
			_, _ = s.token.Authenticate(r)
		}
	})
}

// BenchmarkVerifyPassword is one hash of each kind.
func BenchmarkVerifyPassword(b *testing.B) {
	for i, h := range append(werkzeugHashes(), HashPassword(foreignPassword)) {
		b.Run([]string{"scrypt", "pbkdf2-600000", "pbkdf2-1000", "argon2id"}[i], func(b *testing.B) {
			for b.Loop() {
				ok, err := VerifyPassword(h, foreignPassword)
				require.NoError(b, err)
				require.True(b, ok)
			}
		})
	}
}

// BenchmarkUnderAttack is what right users pay while a thousand wrong passwords a
// second come from a thousand networks: one who is remembered, and one who logs
// in for the first time.
func BenchmarkUnderAttack(b *testing.B) {
	s := benchServer(b)
	right := basicRequest(b, "alice", rightPassword)
	_, err := s.basic.Authenticate(right)
	require.NoError(b, err)
	ctx, cancel := context.WithCancel(b.Context())
	done := make(chan struct{})
	var tried, under atomic.Int64
	go func() {
		defer close(done)
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for i := 0; ctx.Err() == nil; i++ {
			<-tick.C
			r := right.Clone(ctx)
			r.RemoteAddr = fmt.Sprintf("10.%d.%d.1:1", i>>8&255, i&255)
			r.Header.Set("Authorization", basicHeader("alice:wrong password "+strconv.Itoa(i)))
			under.Add(1)
			go func() {
				defer under.Add(-1)
				_, _ = s.basic.Authenticate(r)
				tried.Add(1)
			}()
		}
	}()
	b.Run("remembered", func(b *testing.B) {
		var worst time.Duration
		for b.Loop() {
			begin := time.Now()
			_, err := s.basic.Authenticate(right)
			worst = max(worst, time.Since(begin))
			require.NoError(b, err)
		}
		b.ReportMetric(float64(worst.Microseconds()), "worst-us")
	})
	cancel()
	<-done
	for under.Load() > 0 {
		time.Sleep(time.Millisecond)
	}
	b.Logf("%d attempts have been answered", tried.Load())
}
