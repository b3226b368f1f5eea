/* SPDX-License-Identifier: Apache-2.0 */
#include "base/instant.h"
#include "paper/paper.h"

#include <cairo-pdf.h>
#include <libxml/tree.h>
#include <librsvg/rsvg.h>
#include <pango/pangocairo.h>
#include <stdlib.h>
#include <string.h>

/* The HTML of a document on A4 pages: headings, paragraphs, lists, tables, pictures in SVG. No more of HTML than the styles use.
 * Everything is a row of cells: a paragraph is a row of one. A row that does not fit goes on over the page, line by line. */

#define PAGE_W 595.28
#define PAGE_H 841.89
#define MARGIN 51.0
#define FOOT 28.0
#define PAD 3.0
#define FONT "DejaVu Sans"
#define COLUMNS_MAX 16
#define HEADING_ROOM 110.0 /* no heading alone at the foot of a page */

enum look { LOOK_TEXT, LOOK_H1, LOOK_H2, LOOK_H3, LOOK_SMALL, LOOK_VERDICT };
static const struct {
	double size, above, below;
	bool is_bold;
} looks[] = {
	[LOOK_TEXT] = {9, 2, 3, false}, [LOOK_H1] = {17, 0, 8, true},	   [LOOK_H2] = {12.5, 12, 4, true},
	[LOOK_H3] = {10, 8, 3, true},	[LOOK_SMALL] = {7.5, 1, 2, false}, [LOOK_VERDICT] = {14, 4, 8, true},
};

struct page_state {
	cairo_t *cr;
	cairo_surface_t *surface;
	const char *lang;
	char *title;
	double y;
	unsigned number;
};

/* ---- text of an element ---- */

static void collect_text(const xmlNode *node, struct buf *ret)
{
	for (; node; node = node->next) {
		if (node->type == XML_TEXT_NODE || node->type == XML_CDATA_SECTION_NODE)
			buf_str(ret, (const char *)node->content);
		else if (node->type == XML_ELEMENT_NODE && strcmp((const char *)node->name, "br") == 0)
			buf_str(ret, "\n");
		else if (node->type == XML_ELEMENT_NODE)
			collect_text(node->children, ret);
	}
}

static bool is_element(const xmlNode *node, const char *name)
{
	return node->type == XML_ELEMENT_NODE && strcmp((const char *)node->name, name) == 0;
}

static bool has_class(const xmlNode *node, const char *word)
{
	xmlChar *list = xmlGetNoNsProp((xmlNode *)node, (const xmlChar *)"class");
	bool is = list && strcmp((const char *)list, word) == 0;

	xmlFree(list);
	return is;
}

static PangoLayout *layout_of(struct page_state *p, const xmlNode *cell, enum look look, bool is_bold, double width)
{
	PangoLayout *l = pango_cairo_create_layout(p->cr);
	PangoFontDescription *font = pango_font_description_from_string(FONT);
	struct buf text = {0};

	pango_font_description_set_absolute_size(font, looks[look].size * PANGO_SCALE);
	if (is_bold || looks[look].is_bold)
		pango_font_description_set_weight(font, PANGO_WEIGHT_BOLD);
	pango_layout_set_font_description(l, font);
	pango_font_description_free(font);
	collect_text(cell->children, &text);
	pango_layout_set_text(l, text.data ? (const char *)text.data : "", (int)text.len);
	buf_done(&text);
	pango_layout_set_wrap(l, PANGO_WRAP_WORD_CHAR);
	if (width > 0)
		pango_layout_set_width(l, (int)(width * PANGO_SCALE));
	if (has_class(cell, "number"))
		pango_layout_set_alignment(l, PANGO_ALIGN_RIGHT);
	return l;
}

/* ---- pages ---- */

static void foot(struct page_state *p)
{
	PangoLayout *l = pango_cairo_create_layout(p->cr);
	PangoFontDescription *font = pango_font_description_from_string(FONT);
	char number[32];

	pango_font_description_set_absolute_size(font, 7 * PANGO_SCALE);
	pango_layout_set_font_description(l, font);
	pango_layout_set_width(l, (int)((PAGE_W - 2 * MARGIN - 40) * PANGO_SCALE));
	pango_layout_set_ellipsize(l, PANGO_ELLIPSIZE_END);
	pango_layout_set_text(l, p->title ? p->title : "", -1);
	cairo_set_source_rgb(p->cr, 0.4, 0.4, 0.4);
	cairo_move_to(p->cr, MARGIN, PAGE_H - FOOT);
	pango_cairo_show_layout(p->cr, l);
	(void)snprintf(number, sizeof(number), "%u", p->number);
	pango_layout_set_width(l, -1);
	pango_layout_set_text(l, number, -1);
	cairo_move_to(p->cr, PAGE_W - MARGIN - 20, PAGE_H - FOOT);
	pango_cairo_show_layout(p->cr, l);
	cairo_set_source_rgb(p->cr, 0, 0, 0);
	pango_font_description_free(font);
	g_object_unref(l);
}

static void next_page(struct page_state *p)
{
	foot(p);
	cairo_show_page(p->cr);
	p->number++;
	p->y = MARGIN;
}

static double room(const struct page_state *p) { return PAGE_H - MARGIN - p->y; }

/* ---- rows ---- */

struct cell {
	PangoLayout *layout;
	double x, width;
	int next_line; /* what was set so far */
};

/* Set as many lines of @c as fit above @bottom; returns how far down they reach. */
static double set_lines(struct page_state *p, struct cell *c, double top, double bottom)
{
	double y = top;
	const int n = pango_layout_get_line_count(c->layout);
	PangoRectangle logical;

	for (; c->next_line < n; c->next_line++) {
		PangoLayoutLine *line = pango_layout_get_line_readonly(c->layout, c->next_line);
		double height, shift = 0;

		pango_layout_line_get_extents(line, NULL, &logical);
		height = (double)logical.height / PANGO_SCALE;
		if (y + height > bottom && y > MARGIN + PAD)
			break;
		if (pango_layout_get_alignment(c->layout) == PANGO_ALIGN_RIGHT)
			shift = c->width - (double)logical.width / PANGO_SCALE;
		cairo_move_to(p->cr, c->x + shift, y - (double)logical.y / PANGO_SCALE);
		pango_cairo_show_layout_line(p->cr, line);
		y += height;
	}
	return y;
}

static bool is_set(const struct cell *cells, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (cells[i].next_line < pango_layout_get_line_count(cells[i].layout))
			return false;
	return true;
}

static double first_line(const struct cell *cells, unsigned n)
{
	double height = 0;
	PangoRectangle logical;

	for (unsigned i = 0; i < n; i++) {
		pango_layout_line_get_extents(pango_layout_get_line_readonly(cells[i].layout, 0), NULL, &logical);
		height = MAX(height, (double)logical.height / PANGO_SCALE);
	}
	return height;
}

/* A whole row, over as many pages as it takes. @is_ruled: a thin line below. */
static void set_row(struct page_state *p, struct cell *cells, unsigned n, bool is_ruled)
{
	if (room(p) < first_line(cells, n) + 2 * PAD)
		next_page(p);
	for (;;) {
		double lowest = p->y;

		for (unsigned i = 0; i < n; i++) {
			double end = set_lines(p, &cells[i], p->y + (is_ruled ? PAD : 0), PAGE_H - MARGIN);

			lowest = MAX(lowest, end);
		}
		p->y = lowest + (is_ruled ? PAD : 0);
		if (is_set(cells, n))
			break;
		next_page(p);
	}
	if (is_ruled) {
		cairo_set_source_rgb(p->cr, 0.75, 0.75, 0.75);
		cairo_set_line_width(p->cr, 0.4);
		cairo_move_to(p->cr, MARGIN, p->y);
		cairo_line_to(p->cr, PAGE_W - MARGIN, p->y);
		cairo_stroke(p->cr);
		cairo_set_source_rgb(p->cr, 0, 0, 0);
	}
}

static void set_block(struct page_state *p, const xmlNode *node, enum look look, double indent)
{
	struct cell c = {.x = MARGIN + indent, .width = PAGE_W - 2 * MARGIN - indent};
	char *text;

	c.layout = layout_of(p, node, look, false, c.width);
	text = g_strdup(pango_layout_get_text(c.layout));
	p->y += p->y > MARGIN ? looks[look].above : 0;
	if ((look == LOOK_H2 || look == LOOK_H3) && room(p) < HEADING_ROOM)
		next_page(p);
	if (look == LOOK_H1 || look == LOOK_H2)
		(void)cairo_pdf_surface_add_outline(p->surface, CAIRO_PDF_OUTLINE_ROOT, text, "", CAIRO_PDF_OUTLINE_FLAG_OPEN);
	set_row(p, &c, 1, false);
	p->y += looks[look].below;
	g_free(text);
	g_object_unref(c.layout);
}

/* ---- tables ---- */

static unsigned cells_of(const xmlNode *row, const xmlNode *ret[COLUMNS_MAX])
{
	unsigned n = 0;

	for (const xmlNode *c = row->children; c && n < COLUMNS_MAX; c = c->next)
		if (is_element(c, "td") || is_element(c, "th"))
			ret[n++] = c;
	return n;
}

/* The next row at or behind @row within the table, through thead and tbody. */
static const xmlNode *next_row(const xmlNode *table, const xmlNode *row)
{
	const xmlNode *at = row;

	do {
		const xmlNode *down = at == table || is_element(at, "thead") || is_element(at, "tbody") ? at->children : NULL;

		if (!down) {
			while (at != table && !at->next)
				at = at->parent;
			if (at == table)
				return NULL;
			down = at->next;
		}
		at = down;
	} while (!is_element(at, "tr"));
	return at;
}

/* Each column wants the width of its widest text and can live with that of its widest word. What there is is given by want, and no column gets
 * less than it can live with unless all have to. */
#define SMALL_FROM 6	/* so many columns are set smaller */
#define SAMPLE_ROWS 200 /* enough to know the widths */
static unsigned column_widths(struct page_state *p, const xmlNode *table, enum look look, double ret[COLUMNS_MAX])
{
	double want[COLUMNS_MAX] = {0}, need[COLUMNS_MAX] = {0}, all = PAGE_W - 2 * MARGIN, wants = 0, needs = 0;
	const xmlNode *cells[COLUMNS_MAX];
	unsigned columns = 0, rows = 0;

	for (const xmlNode *row = next_row(table, table); row && rows < SAMPLE_ROWS; row = next_row(table, row), rows++) {
		unsigned n = cells_of(row, cells);

		columns = MAX(columns, n);
		for (unsigned i = 0; i < n; i++) {
			PangoLayout *l = layout_of(p, cells[i], look, is_element(cells[i], "th"), -1);
			int width;

			pango_layout_get_size(l, &width, NULL);
			want[i] = MAX(want[i], MIN((double)width / PANGO_SCALE, all));
			pango_layout_set_width(l, 0);
			pango_layout_set_wrap(l, PANGO_WRAP_WORD);
			pango_layout_get_size(l, &width, NULL);
			need[i] = MAX(need[i], MIN((double)width / PANGO_SCALE, all / 3));
			g_object_unref(l);
		}
	}
	for (unsigned i = 0; i < columns; i++) {
		want[i] += 2 * PAD;
		need[i] += 2 * PAD;
		wants += want[i];
		needs += need[i];
	}
	for (unsigned i = 0; i < columns; i++) {
		if (wants <= all)
			ret[i] = want[i] + (all - wants) / columns;
		else if (needs >= all)
			ret[i] = need[i] * all / needs;
		else
			ret[i] = need[i] + (want[i] - need[i]) * (all - needs) / (wants - needs);
	}
	return columns;
}

static void set_table_row(struct page_state *p, const xmlNode *row, enum look look, const double widths[COLUMNS_MAX])
{
	const xmlNode *nodes[COLUMNS_MAX];
	struct cell cells[COLUMNS_MAX];
	unsigned n = cells_of(row, nodes);
	double x = MARGIN;

	for (unsigned i = 0; i < n; i++) {
		cells[i] = (struct cell){.x = x + PAD, .width = widths[i] - 2 * PAD};
		cells[i].layout = layout_of(p, nodes[i], look, is_element(nodes[i], "th"), cells[i].width);
		x += widths[i];
	}
	if (n > 0)
		set_row(p, cells, n, true);
	for (unsigned i = 0; i < n; i++)
		g_object_unref(cells[i].layout);
}

static void set_table(struct page_state *p, const xmlNode *table)
{
	double widths[COLUMNS_MAX];
	const xmlNode *head = NULL, *row = next_row(table, table), *cells[COLUMNS_MAX];
	enum look look = row && cells_of(row, cells) >= SMALL_FROM ? LOOK_SMALL : LOOK_TEXT;

	if (column_widths(p, table, look, widths) == 0)
		return;
	for (; row; row = next_row(table, row)) {
		if (is_element(row->parent, "thead"))
			head = row;
		else if (head && room(p) < 24) {
			next_page(p);
			set_table_row(p, head, look, widths); /* the column titles again */
		}
		set_table_row(p, row, look, widths);
	}
	p->y += 6;
}

/* ---- pictures ---- */

static void set_picture(struct page_state *p, xmlNode *svg, struct saqta_error *err)
{
	xmlBuffer *bytes = xmlBufferCreate();
	GError *problem = NULL;
	RsvgHandle *handle;
	gdouble w = 0, h = 0;
	RsvgRectangle place;

	(void)xmlNodeDump(bytes, svg->doc, svg, 0, 0);
	handle = rsvg_handle_new_from_data(xmlBufferContent(bytes), (gsize)xmlBufferLength(bytes), &problem);
	if (handle && rsvg_handle_get_intrinsic_size_in_pixels(handle, &w, &h) && w > 0) {
		double scale = MIN(1.0, (PAGE_W - 2 * MARGIN) / w);

		if (room(p) < h * scale)
			next_page(p);
		place = (RsvgRectangle){MARGIN, p->y, w * scale, h * scale};
		if (!rsvg_handle_render_document(handle, p->cr, &place, NULL))
			(void)err_set(err, SAQTA_ERR_POLICY, 0, "a picture of the document cannot be drawn");
		p->y += h * scale + 6;
	} else {
		(void)err_set(err, SAQTA_ERR_POLICY, 0, "a picture of the document cannot be drawn");
	}
	g_clear_error(&problem);
	if (handle)
		g_object_unref(handle);
	xmlBufferFree(bytes);
}

/* ---- the whole ---- */

static void set_children(struct page_state *p, const xmlNode *parent, struct saqta_error *err)
{
	for (xmlNode *n = parent->children; n; n = n->next) {
		if (is_element(n, "h1"))
			set_block(p, n, LOOK_H1, 0);
		else if (is_element(n, "h2"))
			set_block(p, n, LOOK_H2, 0);
		else if (is_element(n, "h3"))
			set_block(p, n, LOOK_H3, 0);
		else if (is_element(n, "p"))
			set_block(p, n, has_class(n, "verdict") ? LOOK_VERDICT : has_class(n, "small") ? LOOK_SMALL : LOOK_TEXT, 0);
		else if (is_element(n, "li"))
			set_block(p, n, LOOK_TEXT, 12);
		else if (is_element(n, "table"))
			set_table(p, n);
		else if (is_element(n, "svg"))
			set_picture(p, n, err);
		else if (n->type == XML_ELEMENT_NODE)
			set_children(p, n, err);
	}
}

static const xmlNode *find(const xmlNode *node, const char *name)
{
	for (; node; node = node->next) {
		const xmlNode *found = is_element(node, name) ? node : find(node->children, name);

		if (found)
			return found;
	}
	return NULL;
}

static cairo_status_t write_bytes(void *ret, const unsigned char *data, unsigned len)
{
	buf_add(ret, data, len);
	return ((struct buf *)ret)->failed ? CAIRO_STATUS_WRITE_ERROR : CAIRO_STATUS_SUCCESS;
}

/* Another font would be taken without a word, and print boxes for Kazakh letters. */
static bool has_font(void)
{
	PangoContext *context = pango_font_map_create_context(pango_cairo_font_map_get_default());
	PangoFontDescription *want = pango_font_description_from_string(FONT), *have = NULL;
	PangoFont *font = pango_context_load_font(context, want);
	bool is;

	have = font ? pango_font_describe(font) : NULL;
	is = have && strcmp(pango_font_description_get_family(have), FONT) == 0;
	pango_font_description_free(have);
	pango_font_description_free(want);
	if (font)
		g_object_unref(font);
	g_object_unref(context);
	return is;
}

enum saqta_status paper_pdf(xmlDoc *page, const char *lang, int64_t when_us, struct buf *ret, struct saqta_error *err)
{
	const xmlNode *body = find(page->children, "body"), *title = find(page->children, "title");
	struct page_state p = {.lang = lang, .y = MARGIN, .number = 1};
	struct saqta_error problem = {0};
	char when[INSTANT_TEXT_SIZE];
	cairo_status_t status;

	if (!has_font())
		return err_set(err, SAQTA_ERR_MISSING, 0, "the font " FONT " is not installed: install fonts-dejavu-core");
	if (!body || !title)
		return err_set(err, SAQTA_ERR_POLICY, 0, "the style made no page");
	p.title = (char *)xmlNodeGetContent(title);
	p.surface = cairo_pdf_surface_create_for_stream(write_bytes, ret, PAGE_W, PAGE_H);
	instant_format(when_us, NULL, when);
	cairo_pdf_surface_set_metadata(p.surface, CAIRO_PDF_METADATA_CREATE_DATE, when);
	cairo_pdf_surface_set_metadata(p.surface, CAIRO_PDF_METADATA_TITLE, p.title);
	p.cr = cairo_create(p.surface);
	set_children(&p, body, &problem);
	foot(&p);
	cairo_show_page(p.cr);
	cairo_surface_finish(p.surface);
	status = cairo_surface_status(p.surface);
	cairo_destroy(p.cr);
	cairo_surface_destroy(p.surface);
	xmlFree(p.title);
	if (status || ret->failed)
		return err_set(err, SAQTA_ERR_NOMEM, 0, "the PDF cannot be made: %s", cairo_status_to_string(status));
	if (problem.status)
		return err_set(err, problem.status, 0, "%s", problem.message);
	return SAQTA_OK;
}
