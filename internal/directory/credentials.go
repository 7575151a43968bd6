package directory

import (
	"context"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/document"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// Credentials are by what a user is recognised. They stand apart from the user, so that
// who may read users need not read them. They are immutable; changes are made on
// copies.
type Credentials struct {
	document.Meta
	Hash string // of the password
	Weak bool   // the password is one that everybody knows
}

func (c *Credentials) item(user int64) table.Item {
	attrs := c.AppendTo(make([]table.Attr, 0, 5))
	attrs = append(attrs, table.Attr{Name: keys.Password, Value: table.String(c.Hash)})
	return table.NewItem(keys.UserCredentials(user), appendFlag(attrs, keys.Weak, c.Weak)...)
}

func decodeCredentials(it table.Item) (*Credentials, error) {
	return &Credentials{document.MetaOf(it), it.Str(keys.Password), it.Num(keys.Weak) == 1}, document.CheckVersion(it)
}

// SetCredentials changes a password. Atomic. 2 requests, 1 RCU, 6 WCU.
func (s *Store) SetCredentials(ctx context.Context, user int64, c Credentials) error {
	_, err := s.mutateCredentials(ctx, user, c, func(*Credentials) bool { return true })
	return err
}

// RenewCredentials replaces the hash of a password by another one of it, unless the
// password is another one by now: then it does nothing. Atomic. 2 requests, 1 RCU, 6
// WCU.
func (s *Store) RenewCredentials(ctx context.Context, user int64, verified string, c Credentials) (renewed bool, err error) {
	return s.mutateCredentials(ctx, user, c, func(cur *Credentials) bool { return cur != nil && cur.Hash == verified })
}

// ReplaceWeak replaces a password that everybody knows; one that not everybody knows
// stays. As [Store.RenewCredentials].
func (s *Store) ReplaceWeak(ctx context.Context, user int64, c Credentials) (replaced bool, err error) {
	return s.mutateCredentials(ctx, user, c, func(cur *Credentials) bool { return cur != nil && cur.Weak })
}

// mutateCredentials replaces credentials if they are as they should be, of a user that
// is there.
func (s *Store) mutateCredentials(ctx context.Context, user int64, to Credentials, when func(cur *Credentials) bool) (done bool, err error) {
	at := keys.UserCredentials(user)
	d := document.NewDocument(s.Table, s.Clock, func(ctx context.Context) (*Credentials, error) {
		return document.ReadDocument(ctx, s.Table, at, decodeCredentials)
	}, decodeCredentials)
	d.Write = func(ctx context.Context, cur, next *Credentials) error {
		err := s.epoch.commit(ctx, Change{OfAUser, user},
			table.Put{Item: next.item(user), Cond: document.LastMeta(cur).IsRev()},
			table.Check{Key: keys.UserDocument(user), Cond: table.Exists()})
		if failed(err, 1) != nil {
			return errNoUserID(user)
		}
		return orCondition(err)
	}
	_, err = document.Mutate(ctx, d, func(cur *Credentials) (*Credentials, bool, error) {
		if done = when(cur); !done {
			return cur, false, nil
		}
		next := to
		return &next, false, nil
	})
	return done && err == nil, err
}
