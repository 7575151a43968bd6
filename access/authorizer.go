package access

import "context"

// Authorizer decides. A service that embeds the server implements it as a whole, or
// wraps that of [ByGrants]. It must be safe for concurrent use.
type Authorizer interface {
	// Check returns nil if the user meets all requirements in the workspace of the
	// request, and an [ErrDenied] if not. Without any requirement it refuses: a rule
	// that came out empty opens nothing. Other errors are failures to find out.
	Check(ctx context.Context, p *Principal, workspace string, all ...Requirement) error
	// Scope says which things of a type the user may read in the workspace. It has
	// to agree with Check of [ToRead], so that a list shows what can be read and
	// nothing else.
	Scope(ctx context.Context, p *Principal, workspace string, t Type) (Scope, error)
}

// Source is where grants are. It must be safe for concurrent use.
type Source interface {
	// Grants returns a snapshot of a user in a workspace that decides one
	// requirement rightly. The roles of [Principal.GroupRoles] belong to it. If not all
	// direct grants of the user are known, it looks for those that
	// [Requirement.DirectKeys] names, and adds them by [Grants.With]. In a workspace that
	// does not exist a user has no grants, which is no error.
	Grants(ctx context.Context, p *Principal, workspace string, r Requirement) (*Grants, error)
	// AllGrants returns a snapshot with all grants of the user in the workspace, such
	// as those on what was created a moment ago on another server.
	AllGrants(ctx context.Context, p *Principal, workspace string) (*Grants, error)
	// Workspaces lists those in which the user holds a role or a direct grant, or which
	// are open by [Policy.OpenDefault].
	Workspaces(ctx context.Context, p *Principal) ([]string, error)
}

// ByGrants is the [Authorizer] that decides as MLflow does, by what a source says.
// It asks the source for nothing that can be decided without, as about admins of the
// server, and keeps nothing: what is kept, and for how long, is the source's
// to say.
func ByGrants(s Source) Authorizer { return byGrants{s} }

type byGrants struct{ source Source }

func (a byGrants) Check(ctx context.Context, p *Principal, workspace string, all ...Requirement) error {
	if len(all) == 0 {
		return denied(p, workspace, Requirement{}, Decision{Reason: ByMistake})
	}
	for _, r := range all {
		d, err := a.decide(ctx, p, workspace, r)
		if err != nil {
			return err
		}
		if !d.Allowed {
			return denied(p, workspace, r, d)
		}
	}
	return nil
}

func denied(p *Principal, workspace string, r Requirement, d Decision) error {
	e := &DeniedError{Workspace: workspace, Requirement: r, Decision: d}
	if p != nil {
		e.User = p.Name
	}
	return e
}

func (a byGrants) decide(ctx context.Context, p *Principal, workspace string, r Requirement) (Decision, error) {
	switch {
	case p == nil || workspace == "" || workspace == Any:
		return Decision{Reason: ByMistake}, nil
	case r.action == ActionAnyOf:
		return a.decideAny(ctx, p, workspace, r.any)
	case r.workspace == Any:
		return a.decideAnywhere(ctx, p, workspace, r)
	case r.workspace == "":
		r.workspace = workspace
	}
	if d := (*Grants)(nil).Decide(p, r); d.Allowed || d.Reason != ByNothing {
		return d, nil
	}
	g, err := a.source.Grants(ctx, p, r.workspace, r)
	if err != nil {
		return Decision{}, err
	}
	return g.Decide(p, r), nil
}

func (a byGrants) decideAny(ctx context.Context, p *Principal, workspace string, some []Requirement) (Decision, error) {
	d := Decision{Reason: ByMistake}
	for _, r := range some {
		var err error
		if d, err = a.decide(ctx, p, workspace, r); err != nil || d.Allowed {
			return d, err
		}
	}
	return d, nil
}

// decideAnywhere asks in the workspace of the request first, so that admins, and
// most others, cost nothing.
func (a byGrants) decideAnywhere(ctx context.Context, p *Principal, workspace string, r Requirement) (Decision, error) {
	first, err := a.decide(ctx, p, workspace, r.In(workspace))
	if err != nil || first.Allowed || first.Reason == ByMistake {
		return first, err
	}
	others, err := a.source.Workspaces(ctx, p)
	if err != nil {
		return Decision{}, err
	}
	for _, w := range others {
		if w == Any || w == "" || w == workspace {
			continue
		}
		if d, err := a.decide(ctx, p, workspace, r.In(w)); err != nil || d.Allowed {
			return d, err
		}
	}
	return first, nil
}

func (a byGrants) Scope(ctx context.Context, p *Principal, workspace string, t Type) (Scope, error) {
	if p == nil || workspace == "" {
		return None(), nil
	}
	if t == Workspace {
		return a.workspaces(ctx, p)
	}
	if p.Admin {
		return (&Grants{workspace: workspace}).Scope(p, t), nil
	}
	g, err := a.source.AllGrants(ctx, p, workspace)
	if err != nil {
		return None(), err
	}
	return g.Scope(p, t), nil
}

// workspaces are those that the user may enter.
func (a byGrants) workspaces(ctx context.Context, p *Principal) (Scope, error) {
	if p.Admin {
		switch {
		case p.Token == nil || p.Token.AllWorkspaces:
			return All(), nil
		default:
			return Only(p.Token.Workspaces...), nil
		}
	}
	names, err := a.source.Workspaces(ctx, p)
	if err != nil {
		return None(), err
	}
	if p.Token != nil && !p.Token.AllWorkspaces {
		return Only(p.Token.Workspaces...).And(Only(names...)), nil
	}
	return Only(names...), nil
}
