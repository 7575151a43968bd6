package directory

import (
	"context"
	"iter"
	"slices"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/document"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/failure"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// userBits is how many bits the id of a user may have, so that ids that are made of
// it and others stay below 2^53. Stored, must not change.
const userBits = 26

// Origin says who vouches for a user: its kind, and by what it knows the user.
type Origin struct {
	Kind    string // "": the user's password
	Issuer  string
	Subject string
}

// The kinds of origins. Stored, must not change.
const (
	ByPassword = ""
	ByOIDC     = "oidc"
	ByProxy    = "proxy"
	ByIAM      = "iam"
)

// User is the document of a user. It is immutable; changes are made on copies.
type User struct {
	document.Meta
	ID     int64 // never given out again
	Name   string
	Admin  bool // may do everything
	Off    bool // cannot log in
	Origin Origin
}

func (u *User) clone() *User {
	c := *u
	return &c
}

// NewUser are the parameters of the creation of a user.
type NewUser struct {
	Name   string
	Admin  bool
	Origin Origin
	// Credentials are those of a user with a password; nil: none.
	Credentials *Credentials
}

// CreateUser makes a user. Atomic. RESOURCE_ALREADY_EXISTS if the name is taken. 3
// requests, 1 RCU, 11 WCU.
func (s *Store) CreateUser(ctx context.Context, p NewUser) (*User, error) {
	if err := validateUserName(p.Name, p.Origin.Kind == ByPassword); err != nil {
		return nil, err
	}
	// A name that is taken costs a read, not an id that nobody gets.
	if _, taken, err := s.Table.Get(ctx, keys.UserName(p.Name), table.Strong); err != nil {
		return nil, err
	} else if taken {
		return nil, errUserExists(p.Name)
	}
	u, err := s.newUser(ctx, p)
	if err != nil {
		return nil, err
	}
	err = s.epoch.commit(ctx, Change{OfAUser, u.ID}, creationOps(u, p.Credentials)...)
	if c := failed(err, 0); c != nil && c.Item.Num(keys.User) != u.ID {
		return nil, errUserExists(p.Name)
	} else if c != nil { // it was we, and the reply was lost
		err = nil
	}
	return u, err
}

// newUser draws an id. It is drawn first: whatever becomes of the user, it is never
// given out again.
func (s *Store) newUser(ctx context.Context, p NewUser) (*User, error) {
	seq, err := s.Table.Update(table.DeferSync(ctx), table.Update{
		Key: keys.UserSequence(), Add: []table.Attr{{Name: keys.Next, Value: table.Number(1)}}, Return: true,
	})
	if err != nil {
		return nil, err
	}
	id := seq.Num(keys.Next)
	if id >= 1<<userBits {
		return nil, failure.Errorf(mlflow.CodeInvalidState, "There are no more ids for users.")
	}
	return &User{Meta: document.Meta{}.Next(), ID: id, Name: p.Name, Admin: p.Admin, Origin: p.Origin}, nil
}

// creationOps are the writes that make a user, its name first.
func creationOps(u *User, c *Credentials) []table.Op {
	ops := append(make([]table.Op, 0, 5), // with the one of a bootstrap
		table.Put{Item: nameRow(u), Cond: table.Absent()},
		table.Put{Item: u.item(keys.UserDocument(u.ID)), Cond: table.Absent()},
		table.Put{Item: u.item(keys.UserRow(u.ID))})
	if c == nil {
		return ops
	}
	first := *c
	first.Meta = document.Meta{}.Next()
	return append(ops, table.Put{Item: first.item(u.ID), Cond: table.Absent()})
}

func nameRow(u *User) table.Item {
	return table.NewItem(keys.UserName(u.Name),
		table.Attr{Name: keys.Version, Value: table.Number(document.SchemaVersion)},
		table.Attr{Name: keys.Name, Value: table.String(u.Name)},
		table.Attr{Name: keys.User, Value: table.Number(u.ID)})
}

// item is the document, which is also the user's row in the list.
func (u *User) item(key table.Key) table.Item {
	attrs := u.AppendTo(make([]table.Attr, 0, 10))
	attrs = append(attrs,
		table.Attr{Name: keys.User, Value: table.Number(u.ID)},
		table.Attr{Name: keys.Name, Value: table.String(u.Name)})
	attrs = appendFlag(appendFlag(attrs, keys.Admin, u.Admin), keys.Off, u.Off)
	for _, a := range []struct{ name, value string }{
		{keys.Origin, u.Origin.Kind}, {keys.Issuer, u.Origin.Issuer}, {keys.Subject, u.Origin.Subject},
	} {
		if a.value != "" {
			attrs = append(attrs, table.Attr{Name: a.name, Value: table.String(a.value)})
		}
	}
	return table.NewItem(key, attrs...)
}

func appendFlag(attrs []table.Attr, name string, on bool) []table.Attr {
	if !on {
		return attrs
	}
	return append(attrs, table.Attr{Name: name, Value: table.Number(1)})
}

func decodeUser(it table.Item) (*User, error) {
	return &User{
		Meta: document.MetaOf(it), ID: it.Num(keys.User), Name: it.Str(keys.Name),
		Admin: it.Num(keys.Admin) == 1, Off: it.Num(keys.Off) == 1,
		Origin: Origin{it.Str(keys.Origin), it.Str(keys.Issuer), it.Str(keys.Subject)},
	}, document.CheckVersion(it)
}

// User returns the user of a name. 2 requests, 2 RCU.
func (s *Store) User(ctx context.Context, name string) (*User, error) {
	id, err := s.userID(ctx, name)
	if err != nil {
		return nil, err
	}
	u, err := document.ReadDocument(ctx, s.Table, keys.UserDocument(id), decodeUser)
	if err == nil && u == nil {
		err = errNoUser(name)
	}
	return u, err
}

// userID returns the id of the user of a name.
func (s *Store) userID(ctx context.Context, name string) (int64, error) {
	if validateUserName(name, false) != nil {
		return 0, errNoUser(name)
	}
	row, found, err := s.Table.Get(ctx, keys.UserName(name), table.Strong)
	if err == nil && !found {
		err = errNoUser(name)
	}
	return row.Num(keys.User), err
}

// Login returns the user of a name and by what the user is recognised, nil if by
// nothing. 2 requests, 3 RCU.
func (s *Store) Login(ctx context.Context, name string) (*User, *Credentials, error) {
	id, err := s.userID(ctx, name)
	if err != nil {
		return nil, nil, err
	}
	items, err := s.Table.BatchGet(ctx, []table.Key{keys.UserDocument(id), keys.UserCredentials(id)}, table.Strong)
	if err != nil {
		return nil, nil, err
	}
	var u *User
	var c *Credentials
	for _, it := range items {
		if it.Key == keys.UserCredentials(id) {
			c, err = decodeCredentials(it)
		} else {
			u, err = decodeUser(it)
		}
		if err != nil {
			return nil, nil, err
		}
	}
	if u == nil {
		return nil, nil, errNoUser(name)
	}
	return u, c, nil
}

// UserByID returns a user. 1 request, 1 RCU.
func (s *Store) UserByID(ctx context.Context, id int64) (*User, error) {
	u, err := document.ReadDocument(ctx, s.Table, keys.UserDocument(id), decodeUser)
	if err == nil && u == nil {
		err = errNoUserID(id)
	}
	return u, err
}

// UsersByID returns those of the users that there are. 1 request for each hundred, 1
// RCU for each.
func (s *Store) UsersByID(ctx context.Context, ids []int64) (map[int64]*User, error) {
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	at := make([]table.Key, len(ids))
	for i, id := range ids {
		at[i] = keys.UserDocument(id)
	}
	items, err := s.Table.BatchGet(ctx, at, table.Strong)
	users := make(map[int64]*User, len(items))
	for _, it := range items {
		u, err := decodeUser(it)
		if err != nil {
			return nil, err
		}
		users[u.ID] = u
	}
	return users, err
}

// Users returns all users in the order of their ids. It stops at the first error,
// which it yields. 1 RCU for each 4 KB, about 20 users.
func (s *Store) Users(ctx context.Context) iter.Seq2[*User, error] {
	return func(yield func(*User, error) bool) {
		for it, err := range s.userRows(ctx) {
			if err != nil {
				yield(nil, err)
				return
			}
			if it.Num(keys.Gone) == 1 {
				continue
			}
			u, err := decodeUser(it)
			if !yield(u, err) || err != nil {
				return
			}
		}
	}
}

// userRows returns the list of users, with those whose rows are being removed.
func (s *Store) userRows(ctx context.Context) iter.Seq2[table.Item, error] {
	pk, from, to := keys.UserRows()
	return table.Items(ctx, s.Table, table.Query{PK: pk, From: from, To: to})
}

// SetAdmin makes a user an administrator, or no longer one. Atomic. 2 requests, 1 RCU,
// 6 WCU.
func (s *Store) SetAdmin(ctx context.Context, id int64, admin bool) (*User, error) {
	return s.mutateUser(ctx, id, func(next *User) { next.Admin = admin })
}

// SetOff keeps a user from logging in, or lets it again. As [Store.SetAdmin].
func (s *Store) SetOff(ctx context.Context, id int64, off bool) (*User, error) {
	return s.mutateUser(ctx, id, func(next *User) { next.Off = off })
}

// SetOrigin says who vouches for a user from now on. As [Store.SetAdmin].
func (s *Store) SetOrigin(ctx context.Context, id int64, o Origin) (*User, error) {
	return s.mutateUser(ctx, id, func(next *User) { next.Origin = o })
}

// mutateUser changes a user: in one transaction its document, its row in the list and
// the epoch.
func (s *Store) mutateUser(ctx context.Context, id int64, change func(next *User)) (*User, error) {
	d := document.NewDocument(s.Table, s.Clock, func(ctx context.Context) (*User, error) { return s.UserByID(ctx, id) }, decodeUser)
	d.Write = func(ctx context.Context, cur, next *User) error {
		return orCondition(s.epoch.commit(ctx, Change{OfAUser, id},
			table.Put{Item: next.item(keys.UserDocument(id)), Cond: cur.IsRev()},
			table.Put{Item: next.item(keys.UserRow(id))}))
	}
	return document.Mutate(ctx, d, func(cur *User) (*User, bool, error) {
		if cur == nil {
			return nil, false, errNoUserID(id)
		}
		next := cur.clone()
		if change(next); *next == *cur {
			return cur, false, nil
		}
		return next, false, nil
	})
}

func errUserExists(name string) error {
	return failure.Errorf(mlflow.CodeResourceAlreadyExists, "User (username=%s) already exists.", name)
}

func errNoUser(name string) error {
	return failure.Errorf(mlflow.CodeResourceDoesNotExist, "User with username=%s not found", name)
}

func errNoUserID(id int64) error {
	return failure.Errorf(mlflow.CodeResourceDoesNotExist, "User with id=%d not found", id)
}
