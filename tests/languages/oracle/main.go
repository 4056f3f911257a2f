// Answers questions on stdin, one JSON object a line, with the very libraries Argo 3.7 uses:
// {"When": text} as the controller decides a `when`, {"Text", "Values", "Strict"} as it replaces tags.
// Build it beside a copy of go.mod and go.sum of argo-workflows v3.7.18, with that module itself required;
// then: python tests/languages/ask.py PROGRAM rewrites the answers beside it.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/Knetic/govaluate"
	"github.com/argoproj/argo-workflows/v3/util/template"
)

func should(when string) (r bool, e string) {
	defer func() {
		if x := recover(); x != nil {
			e = fmt.Sprintf("PANIC %v", x)
		}
	}()
	if when == "" {
		return true, ""
	}
	expression, err := govaluate.NewEvaluableExpression(when)
	if err != nil {
		if strings.Contains(err.Error(), "Invalid token") {
			return false, fmt.Sprintf("Invalid 'when' expression '%s': %v (hint: try wrapping the affected expression in quotes (\"))", when, err)
		}
		return false, fmt.Sprintf("Invalid 'when' expression '%s': %v", when, err)
	}
	tokens := expression.Tokens()
	for i, tok := range tokens {
		if tok.Kind == govaluate.VARIABLE {
			tok.Kind = govaluate.STRING
			tokens[i] = tok
		}
	}
	expression, err = govaluate.NewEvaluableExpressionFromTokens(tokens)
	if err != nil {
		return false, fmt.Sprintf("Failed to parse 'when' expression '%s': %v", when, err)
	}
	result, err := expression.Evaluate(nil)
	if err != nil {
		return false, fmt.Sprintf("Failed to evaluate 'when' expresion '%s': %v", when, err)
	}
	b, ok := result.(bool)
	if !ok {
		return false, fmt.Sprintf("Expected boolean evaluation for '%s'. Got %v", when, result)
	}
	return b, ""
}

type Q struct {
	When   *string
	Text   string
	Values map[string]any
	Strict *[]string
}

func sub(q Q) (r string, e string) {
	defer func() {
		if x := recover(); x != nil {
			e = fmt.Sprintf("PANIC %v", x)
		}
	}()
	b, _ := json.Marshal(q.Text)
	var out string
	var err error
	if q.Strict == nil {
		out, err = template.Replace(string(b), q.Values, true)
	} else if len(*q.Strict) == 0 {
		out, err = template.Replace(string(b), q.Values, false)
	} else {
		out, err = template.ReplaceStrictAny(string(b), q.Values, *q.Strict)
	}
	if err != nil {
		return "", err.Error()
	}
	var s string
	if err := json.Unmarshal([]byte(out), &s); err != nil {
		return "", "UNMARSHAL " + err.Error()
	}
	return s, ""
}

func main() {
	sc := bufio.NewScanner(os.Stdin)
	sc.Buffer(make([]byte, 1<<20), 1<<24)
	enc := json.NewEncoder(os.Stdout)
	for sc.Scan() {
		var q Q
		if err := json.Unmarshal(sc.Bytes(), &q); err != nil {
			panic(err)
		}
		if q.When != nil {
			r, e := should(*q.When)
			enc.Encode(map[string]any{"r": r, "e": e})
		} else {
			r, e := sub(q)
			enc.Encode(map[string]any{"r": r, "e": e})
		}
	}
}
