package main

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"imagebatch/workflows/contract"
)

type imageSearch struct {
	Instance      string `arg:"" help:"Instance to search."`
	pictureSource `embed:""`
	Name          *storedName `placeholder:"PRODUCT PICNAME" help:"A stored picture, instead of one that is sent."`

	Num       int           `default:"10" help:"How many hits, 1 to 100. Default: ${default}."`
	Start     int           `default:"0" help:"How many hits to skip, 0 to 499."`
	Category  *categoryFlag `placeholder:"ID" help:"Only pictures of this category, by number or name. Without one all are searched."`
	Filter    string        `placeholder:"CONDITION" help:"Only pictures with these attributes, such as 'int_attr >= 100 AND str_attr in (\"a\",\"b\")'. Without a picture it selects alone."`
	Distinct  bool          `help:"One hit of each product: the most alike."`
	Threshold string        `placeholder:"SCORE" help:"Only hits with this score or more, 0.00 to 1.00. What scores 0.75 is hardly ever another picture."`
	Crop      *bool         `negatable:"" help:"Look for the subject of the picture; --no-crop takes the whole picture. Default: look for it."`
	Region    string        `placeholder:"X1,X2,Y1,Y2" help:"The subject of the picture, in pixels: both x first, then both y."`
	Subject   bool          `name:"subject-only" help:"Compare subjects and leave their surroundings out."`
	Expand    string        `enum:"auto,never,always" default:"auto" help:"Look for the picture rotated and in part too: ${enum}. auto does when nothing is plainly the same."`
	Explain   bool          `help:"Show what was seen in the picture and why each hit has its score."`
	Sheet     string        `type:"path" placeholder:"FILE" help:"Save a picture of the hits, a JPEG."`
}

// Validate refuses flags that cannot mean anything.
func (c *imageSearch) Validate() error {
	switch {
	case c.Name != nil && c.pictureSource.given():
		return errors.New("--name does not go with --file, --bucket, --key and --role-arn")
	case c.Name == nil && (c.pictureSource.given() || c.Filter == ""):
		if err := c.check(); err != nil {
			if c.Filter == "" && !c.pictureSource.given() {
				return errors.New("nothing to search by; give --file, --bucket and --key, --name, or --filter alone")
			}
			return err
		}
	}
	if c.Num < 1 || c.Num > contract.MaxNum {
		return fmt.Errorf("--num is %d; ask for 1 to %d hits", c.Num, contract.MaxNum)
	}
	if err := checkFilter(c.Filter); err != nil {
		return err
	}
	return checkRegion(c.Region)
}

// sheetLimit is what a search with a sheet may take: its pictures are fetched.
const sheetLimit = 90 * time.Second

// Run searches. A local picture is first put where the worker can read it.
func (c *imageSearch) Run(a *app) error {
	in := c.input()
	if err := in.Validate(); err != nil {
		return invalid(err)
	}
	if in.Kind() == contract.ByPicture {
		content, err := a.place(c.pictureSource)
		if err != nil {
			return err
		}
		in.PicContent = content
	}
	limit := operationLimit
	if in.Sheet {
		limit = sheetLimit
	}
	found, err := operate(a.ctx, a, contract.SearchImage, limit, in)
	if err != nil {
		return err
	}
	if err := c.saveSheet(a, found); err != nil {
		return err
	}
	if a.json {
		return a.printJSON(viewOfSearch(found))
	}
	return c.print(a, in, found)
}

func (c *imageSearch) input() contract.SearchInput {
	in := contract.SearchInput{
		Instance: c.Instance, Crop: c.Crop, Region: c.Region, CategoryID: c.Category.pointer(), Filter: c.Filter,
		DistinctProductID: c.Distinct, ScoreThreshold: c.Threshold, Num: c.Num, Start: c.Start,
		SubjectOnly: c.Subject, Sheet: c.Sheet != "",
	}
	if c.Expand != contract.ExpandAuto {
		in.Expand = c.Expand
	}
	switch {
	case c.Name != nil:
		in.ProductID, in.PicName = c.Name.product, c.Name.picture
	case c.pictureSource.given():
		in.PicContent = c.content()
	}
	return in
}

func (c *imageSearch) saveSheet(a *app, found contract.SearchResult) error {
	if c.Sheet == "" {
		return nil
	}
	body, err := fetch(a.ctx, "sheet", found.SheetURL)
	if err != nil {
		return err
	}
	defer body.Close()
	if err := save(a.ctx, c.Sheet, body); err != nil {
		return err
	}
	a.notef("picture of the hits saved to %s", c.Sheet)
	return nil
}

// print shows the hits as a table.
func (c *imageSearch) print(a *app, in contract.SearchInput, found contract.SearchResult) error {
	scored := in.Kind() != contract.ByFilter
	if c.Explain && found.PicInfo != nil {
		if err := explainQuery(a, found); err != nil {
			return err
		}
	}
	if len(found.Hits) == 0 {
		a.notef("no hits; %s of instance %s compared", plural(found.Searched, "picture"), c.Instance)
		return nil
	}
	head := []string{"RANK", "SCORE", "PRODUCT", "PICTURE", "CATEGORY", "CUSTOM CONTENT", "ATTRIBUTES"}
	if c.Explain && scored {
		head = append(head, "MATCHED", "WHOLE", "SUBJECT", "PENALTY")
	}
	t := newTable(head...)
	for i, h := range found.Hits {
		score := "-"
		if scored {
			score = fmt.Sprintf("%.4f", h.Score)
		}
		row := []string{strconv.Itoa(c.Start + i + 1), score, h.ProductID, h.PicName, category(h.CategoryID),
			dash(text(h.CustomContent)), dash(attributes(h.Picture))}
		if m := h.Match; c.Explain && m != nil {
			row = append(row, m.View, fmt.Sprintf("%.4f", m.Whole), fmt.Sprintf("%.4f", m.Subject), fmt.Sprintf("%.2f", m.Penalty))
		}
		t.add(row...)
	}
	if err := t.writeTo(a.stdout); err != nil {
		return err
	}
	return a.printf("%s of %s compared\n", plural(int64(len(found.Hits)), "hit"), plural(found.Searched, "picture"))
}

// explainQuery shows what was seen in the query's picture.
func explainQuery(a *app, found contract.SearchResult) error {
	how := "the picture as given"
	if found.Expanded {
		how = "the picture as given, rotated, and in part"
	}
	return a.printf("query: %s; looked for %s\n", seen(*found.PicInfo), how)
}
