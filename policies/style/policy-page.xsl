<?xml version="1.0" encoding="UTF-8"?>
<!-- SPDX-License-Identifier: Apache-2.0 -->
<!-- The policy for publication: a heading a section, a paragraph a sentence, what belongs to it as a list. -->
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns:d="urn:saqta:paper:1" exclude-result-prefixes="d">
  <xsl:include href="common.xsl"/>

  <xsl:template match="/paper"><xsl:apply-templates select="d:policy-page"/></xsl:template>

  <xsl:template match="d:policy-page">
    <xsl:call-template name="page">
      <xsl:with-param name="title" select="d:title"/>
      <xsl:with-param name="body">
        <h1><xsl:value-of select="d:title"/></h1>
        <xsl:for-each select="d:sections/d:item[d:items/d:item]">
          <h2><xsl:value-of select="d:title"/></h2>
          <xsl:apply-templates select="d:items/d:item" mode="sentence"/>
        </xsl:for-each>
      </xsl:with-param>
    </xsl:call-template>
  </xsl:template>

  <xsl:template match="d:item" mode="sentence">
    <p><xsl:call-template name="sentence"/></p>
    <xsl:if test="d:items/d:item"><ul><xsl:apply-templates select="d:items/d:item" mode="below"/></ul></xsl:if>
  </xsl:template>

  <xsl:template match="d:item" mode="below">
    <li><xsl:call-template name="sentence"/></li>
    <xsl:apply-templates select="d:items/d:item" mode="below"/>
  </xsl:template>

  <xsl:template name="sentence">
    <xsl:value-of select="d:text"/>
    <xsl:if test="d:clauses/d:item"><xsl:text> </xsl:text><span class="small">[<xsl:call-template name="list"><xsl:with-param name="of" select="d:clauses/d:item"/></xsl:call-template>]</span></xsl:if>
  </xsl:template>
</xsl:stylesheet>
