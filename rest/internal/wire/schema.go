package wire

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// Rule is what MLflow checks about one parameter of a request, before it looks
// at what the request says.
type Rule struct {
	Param  string
	Checks []Check
}

// Check looks at one value, which is nil when the request has none of the name.
type Check struct {
	// typed checks are left out when protobuf had no objection to the request.
	typed bool
	// required checks are made even if the request has no such parameter.
	required bool
	// run tells whether the value passes; text is what to say if it does not,
	// and may be empty.
	Run func(param string, v *Value) (text string, ok bool)
}

func Required() Check {
	return Check{required: true, Run: func(param string, v *Value) (string, bool) {
		return "Missing value for required parameter '" + param + "'.", present(v)
	}}
}

// present tells whether there is a value that is neither null nor "".
func present(v *Value) bool {
	return v != nil && v.Kind != KindNull && (v.Kind != KindString || v.Text != "")
}

func typed(ok func(v *Value) bool) Check {
	return Check{typed: true, Run: func(_ string, v *Value) (string, bool) { return "", ok(v) }}
}

func IsString() Check {
	return typed(func(v *Value) bool { return v != nil && v.Kind == KindString })
}

func IsBool() Check {
	return typed(func(v *Value) bool { return v != nil && v.Kind == KindBool })
}

func IsArray() Check {
	return typed(func(v *Value) bool { return v != nil && v.Kind == KindList })
}

func ItemsAreStrings() Check {
	return typed(func(v *Value) bool {
		if v == nil || v.Kind != KindList {
			return false
		}
		for i := range v.List {
			if v.List[i].Kind != KindString {
				return false
			}
		}
		return true
	})
}

// IsIntLike lets null pass, over which MLflow stumbles with a 500.
func IsIntLike() Check {
	return typed(func(v *Value) bool {
		_, ok := IntLike(v)
		return ok || v != nil && v.Kind == KindNull
	})
}

func IsFloatLike() Check {
	return typed(func(v *Value) bool {
		if v == nil || v.Kind == KindNull || v.Kind == KindList || v.Kind == KindDict {
			return false
		}
		_, ok := parseDouble(strings.TrimSpace(v.Text))
		return ok || v.Kind == KindBool
	})
}

// IntLike reads what Python's int() reads.
func IntLike(v *Value) (int64, bool) {
	if v == nil {
		return 0, false
	}
	switch v.Kind {
	case KindInt:
		i, err := strconv.ParseInt(v.Text, 10, 64)
		if err != nil && strings.HasPrefix(v.Text, "-") {
			return math.MinInt64, true
		} else if err != nil {
			return math.MaxInt64, true
		}
		return i, true
	case KindFloat:
		d, ok := parseDouble(v.Text)
		return int64(d), ok && math.Abs(d) < 1<<62
	case KindString:
		i, err := strconv.ParseInt(strings.TrimSpace(v.Text), 10, 64)
		return i, err == nil
	case KindBool:
		if v.Text == "true" {
			return 1, true
		}
		return 0, true
	case KindNull, KindList, KindDict:
	}
	return 0, false
}

// Between checks a number's range. Null is as good as absent.
func Between(low, high int64, text string) Check {
	return Check{Run: func(_ string, v *Value) (string, bool) {
		i, ok := IntLike(v)
		return text, !ok || i >= low && i <= high
	}}
}

// ItemsHave checks that each object of an array has the fields.
func ItemsHave(fields ...string) Check {
	return Check{Run: func(param string, v *Value) (string, bool) {
		if v == nil || v.Kind != KindList {
			return "", true
		}
		for i := range v.List {
			for _, name := range fields {
				if !present(v.List[i].Get(name)) {
					return "Missing value for required parameter '" + param + "[" + strconv.Itoa(i) + "]." + name + "'.", false
				}
			}
		}
		return "", true
	}}
}

// checkRules returns the text of the first check that fails, or "".
func checkRules(n *Value, rules []Rule, parsed bool) string {
	for _, r := range rules {
		v := n.Get(r.Param)
		if (v == nil || v.Kind == KindNull) && r.Param == "run_id" {
			if legacy := n.Get("run_uuid"); legacy != nil {
				v = legacy
			}
		}
		if v == nil && !slices.ContainsFunc(r.Checks, func(c Check) bool { return c.required }) {
			continue
		}
		for _, c := range r.Checks {
			if c.typed && parsed {
				continue
			}
			if text, ok := c.Run(r.Param, v); !ok {
				if text == "" {
					text = InvalidValue(r.Param, v)
				}
				return text + SeeDocs
			}
		}
	}
	return ""
}

const SeeDocs = " See the API docs for more information about request parameters."

// InvalidValue words a refusal; MLflow quotes values with sorted keys.
func InvalidValue(param string, v *Value) string {
	if v == nil {
		v = &Value{}
	}
	return "Invalid value " + string(AppendPyJSON(nil, v, PyStyle{",", ":", true})) + " for parameter '" + param +
		"' supplied:  Hint: Value was of type '" + v.pyType() + "'."
}
