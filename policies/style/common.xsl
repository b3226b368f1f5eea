<?xml version="1.0" encoding="UTF-8"?>
<!-- SPDX-License-Identifier: Apache-2.0 -->
<!-- What all documents share: words, times, lists, the page. The input is <paper lang><words/><DOCUMENT/></paper>. -->
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns:d="urn:saqta:paper:1" exclude-result-prefixes="d">
  <xsl:output method="html" encoding="UTF-8"/>
  <xsl:key name="word" match="w" use="concat(@kind, ' ', @id)"/>
  <xsl:decimal-format name="grouped" grouping-separator="&#xA0;" decimal-separator=","/>
  <xsl:variable name="lang" select="/paper/@lang"/>

  <xsl:template name="label">
    <xsl:param name="id"/>
    <xsl:call-template name="word"><xsl:with-param name="kind">label</xsl:with-param><xsl:with-param name="id" select="$id"/></xsl:call-template>
  </xsl:template>

  <!-- What an id is called; the id itself where nobody named it. -->
  <xsl:template name="word">
    <xsl:param name="kind"/>
    <xsl:param name="id"/>
    <xsl:variable name="found" select="key('word', concat($kind, ' ', $id))"/>
    <xsl:choose>
      <xsl:when test="$found"><xsl:value-of select="$found[1]"/></xsl:when>
      <xsl:otherwise><xsl:value-of select="$id"/></xsl:otherwise>
    </xsl:choose>
  </xsl:template>

  <!-- The day and minute of an RFC 3339 time, in its own zone; ISO 8601 in English, day first in Kazakh and Russian. -->
  <xsl:template name="time">
    <xsl:param name="of"/>
    <xsl:if test="string-length($of) &gt;= 16">
      <xsl:choose>
        <xsl:when test="$lang = 'en'"><xsl:value-of select="substring($of, 1, 10)"/></xsl:when>
        <xsl:otherwise><xsl:value-of select="concat(substring($of, 9, 2), '.', substring($of, 6, 2), '.', substring($of, 1, 4))"/></xsl:otherwise>
      </xsl:choose>
      <xsl:value-of select="concat('&#xA0;', substring($of, 12, 5))"/>
    </xsl:if>
  </xsl:template>

  <xsl:template name="day">
    <xsl:param name="of"/>
    <xsl:choose>
      <xsl:when test="not(string($of))"/>
      <xsl:when test="$lang = 'en'"><xsl:value-of select="substring($of, 1, 10)"/></xsl:when>
      <xsl:otherwise><xsl:value-of select="concat(substring($of, 9, 2), '.', substring($of, 6, 2), '.', substring($of, 1, 4))"/></xsl:otherwise>
    </xsl:choose>
  </xsl:template>

  <xsl:template name="number">
    <xsl:param name="of"/>
    <xsl:value-of select="format-number($of, '#&#xA0;##0', 'grouped')"/>
  </xsl:template>

  <!-- Ids of one kind, as a list of words. -->
  <xsl:template name="words">
    <xsl:param name="kind"/>
    <xsl:param name="of"/>
    <xsl:for-each select="$of">
      <xsl:if test="position() &gt; 1">, </xsl:if>
      <xsl:call-template name="word"><xsl:with-param name="kind" select="$kind"/><xsl:with-param name="id" select="."/></xsl:call-template>
    </xsl:for-each>
  </xsl:template>

  <xsl:template name="list">
    <xsl:param name="of"/>
    <xsl:for-each select="$of"><xsl:if test="position() &gt; 1">, </xsl:if><xsl:value-of select="."/></xsl:for-each>
  </xsl:template>

  <!-- The column titles of a table; ids of labels, separated by spaces; # behind one of a column of numbers. -->
  <xsl:template name="head">
    <xsl:param name="ids"/>
    <xsl:variable name="first" select="substring-before(concat($ids, ' '), ' ')"/>
    <xsl:if test="$first">
      <th scope="col">
        <xsl:if test="contains($first, '#')"><xsl:attribute name="class">number</xsl:attribute></xsl:if>
        <xsl:call-template name="label"><xsl:with-param name="id" select="translate($first, '#', '')"/></xsl:call-template>
      </th>
      <xsl:call-template name="head"><xsl:with-param name="ids" select="substring-after($ids, ' ')"/></xsl:call-template>
    </xsl:if>
  </xsl:template>

  <xsl:template name="row">
    <xsl:param name="label"/>
    <xsl:param name="value"/>
    <xsl:if test="string($value)">
      <tr>
        <th scope="row"><xsl:call-template name="label"><xsl:with-param name="id" select="$label"/></xsl:call-template></th>
        <td><xsl:copy-of select="$value"/></td>
      </tr>
    </xsl:if>
  </xsl:template>

  <xsl:template name="title2">
    <xsl:param name="id"/>
    <h2><xsl:call-template name="label"><xsl:with-param name="id" select="$id"/></xsl:call-template></h2>
  </xsl:template>

  <xsl:template name="none">
    <p><xsl:call-template name="label"><xsl:with-param name="id">none</xsl:with-param></xsl:call-template></p>
  </xsl:template>

  <!-- A table of a register, or the word for none. -->
  <xsl:template name="register">
    <xsl:param name="title"/>
    <xsl:param name="columns"/>
    <xsl:param name="rows"/>
    <xsl:call-template name="title2"><xsl:with-param name="id" select="$title"/></xsl:call-template>
    <xsl:choose>
      <xsl:when test="$rows">
        <table>
          <thead><tr><xsl:call-template name="head"><xsl:with-param name="ids" select="$columns"/></xsl:call-template></tr></thead>
          <tbody><xsl:apply-templates select="$rows" mode="row"/></tbody>
        </table>
      </xsl:when>
      <xsl:otherwise><xsl:call-template name="none"/></xsl:otherwise>
    </xsl:choose>
  </xsl:template>

  <!-- Whose document it is, under which policy, made when and by whom: rows of a table. -->
  <xsl:template name="controller">
    <xsl:call-template name="row"><xsl:with-param name="label">controller</xsl:with-param><xsl:with-param name="value"><xsl:value-of select="d:controller/d:name"/><xsl:if test="d:controller/d:bin">, <xsl:call-template name="label"><xsl:with-param name="id">bin</xsl:with-param></xsl:call-template><xsl:text> </xsl:text><xsl:value-of select="d:controller/d:bin"/></xsl:if></xsl:with-param></xsl:call-template>
    <xsl:call-template name="row"><xsl:with-param name="label">policy</xsl:with-param><xsl:with-param name="value"><xsl:value-of select="d:policy/d:id"/>, <xsl:call-template name="label"><xsl:with-param name="id">version</xsl:with-param></xsl:call-template><xsl:text> </xsl:text><xsl:value-of select="d:policy/d:version"/></xsl:with-param></xsl:call-template>
    <xsl:call-template name="row"><xsl:with-param name="label">made</xsl:with-param><xsl:with-param name="value"><xsl:call-template name="time"><xsl:with-param name="of" select="d:made"/></xsl:call-template>, <xsl:value-of select="d:made_by"/></xsl:with-param></xsl:call-template>
  </xsl:template>

  <xsl:template name="page">
    <xsl:param name="title"/>
    <xsl:param name="body"/>
    <html lang="{$lang}">
      <head>
        <meta charset="UTF-8"/>
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:"/>
        <meta name="viewport" content="width=device-width"/>
        <title><xsl:value-of select="$title"/></title>
        <style>
          body { font: 15px/1.45 "DejaVu Sans", "Noto Sans", sans-serif; color: #1a1a1a; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
          h1 { font-size: 1.7rem; } h2 { font-size: 1.2rem; margin-top: 2rem; } .small { font-size: .8rem; color: #555; }
          .verdict { font-size: 1.4rem; font-weight: bold; }
          table { border-collapse: collapse; width: 100%; } td, th { border-bottom: 1px solid #ccc; padding: .3rem .5rem; text-align: left; vertical-align: top; }
          td { overflow-wrap: break-word; } td[dir] { overflow-wrap: anywhere; min-width: 8.5rem; } thead th, thead + tbody td { font-size: .82rem; padding: .3rem .35rem; } thead th { border-bottom: 2px solid #888; } .number { text-align: right; white-space: nowrap; }
          @media print { body { margin: 0; max-width: none; } thead { display: table-header-group; } }
        </style>
      </head>
      <body><xsl:copy-of select="$body"/></body>
    </html>
  </xsl:template>

  <!-- What the clauses say that a document names. -->
  <xsl:template name="clauses">
    <xsl:call-template name="register">
      <xsl:with-param name="title">clauses</xsl:with-param>
      <xsl:with-param name="columns">by-clause says</xsl:with-param>
      <xsl:with-param name="rows" select="d:clauses/d:item"/>
    </xsl:call-template>
  </xsl:template>
  <xsl:template match="d:clauses/d:item" mode="row">
    <tr><td><xsl:value-of select="d:clause"/></td><td><xsl:value-of select="*[local-name() = $lang]"/></td></tr>
  </xsl:template>
</xsl:stylesheet>
